package edge

import (
	"encoding/json"
	"testing"

	"kith/events/bus"
	"kith/services/internal/sqlite"
)

// An outbox of the version before, which knew of no records: what is in it has the
// answer it had, what waits is sent, and what comes now is known for what it is.
func TestOutboxOfAnOlderVersion(t *testing.T) {
	h := startHub(t)
	path := box(t)
	db, err := sqlite.Open(within(t), path, sqlite.Durable)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(within(t), schema, schema2); err != nil {
		t.Fatal(err)
	}
	probe := &Edge{agency: school}
	for n, answered := range []bool{true, false} {
		r, err := probe.row(within(t), of("r", int64(n+1), []string{"r", "r:2"}[n], "one"), "")
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(bus.Answer{Digest: r.digest, Receipt: &bus.Receipt{ID: r.event, Digest: r.digest}})
		if err != nil {
			t.Fatal(err)
		}
		statement := `INSERT INTO outbox (digest, trace, event, kept, answer, answered, refused) VALUES (?, '', ?, 1, ?, unixepoch(), 0)`
		args := []any{r.digest, r.event, string(text)}
		if !answered {
			statement, args = `INSERT INTO outbox (digest, trace, event, kept, body) VALUES (?, '', ?, 1, ?)`, []any{r.digest, r.event, r.body}
		}
		if _, err := db.Write.ExecContext(within(t), statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Write.ExecContext(within(t), `INSERT INTO waiting SELECT seq, '[]' FROM outbox WHERE answer IS NULL`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenBox(within(t), path); err == nil {
		t.Error("kith outbox opens what it cannot read")
	}
	e := h.open(t, path)
	for _, c := range []struct {
		number int64
		id     string
	}{{1, "r"}, {2, "r:2"}, {3, "r:3"}, {4, "r:4"}} {
		if got := submit(t, e, of("r", c.number, c.id, "one")); got != c.id {
			t.Errorf("%s: %s", c.id, got)
		}
	}
	if got := h.took(); got != "r:2< r:3< r:4<r:3" {
		t.Errorf("the hub was given %s", got)
	}
}
