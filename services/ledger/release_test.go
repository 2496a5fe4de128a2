package ledger_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/ledger"
)

// A ledger that was made at random is released twice: whole, and with every entry
// taken out that the audience may not hear of, and numbered anew. Both must be the
// same to the byte, or a gap, a count or an order tells. And each line that is
// told is of an entry whose label allows it.
func TestReleaseTellsNothingOfTheRest(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	allowed := map[ledger.Audience][]events.EntryLabel{
		ledger.ToChild:    {events.EntryReleasable, events.EntryNeverGuardian},
		ledger.ToGuardian: {events.EntryReleasable},
		"somebody else":   {},
	}
	wrong, hidden, told := 0, 0, 0
	for range 10_000 {
		all := randomEntries(rnd)
		for to, labels := range allowed {
			rest := slices.DeleteFunc(slices.Clone(all), func(e ledger.Entry) bool { return !slices.Contains(labels, e.Label) })
			lines := map[string]bool{}
			for i := range rest {
				rest[i].Position = store.Position(i + 1)
				lines[rest[i].At.Format(time.DateOnly)+string(rest[i].Agency)+rest[i].Role+string(rest[i].Purpose)] = true
			}
			whole := ledger.Release(all, to, time.UTC)
			if a, b := asJSON(t, whole), asJSON(t, ledger.Release(rest, to, time.UTC)); a != b {
				wrong++
				t.Errorf("to %s:\n%s\n%s", to, a, b)
			}
			for _, l := range whole {
				if !lines[string(l.Day)+string(l.Agency)+l.Role+string(l.Purpose)] {
					wrong++
					t.Errorf("to %s: %+v is told", to, l)
				}
			}
			if len(whole) != len(lines) {
				wrong++
				t.Errorf("to %s: %d lines, want %d", to, len(whole), len(lines))
			}
			hidden, told = hidden+len(all)-len(rest), told+len(whole)
		}
		if t.Failed() {
			break
		}
	}
	if hidden < 10_000 || told < 10_000 {
		t.Errorf("only %d hidden and %d told", hidden, told)
	}
	t.Logf("10000 ledgers for 3 audiences: %d lines told, %d entries not to be told, %d wrong", told, hidden, wrong)
}

func randomEntries(rnd *rand.Rand) (es []ledger.Entry) {
	labels := []events.EntryLabel{events.EntryReleasable, events.EntryNeverGuardian, events.EntryOperational, events.EntryCovert, "", "new"}
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	for n := range rnd.IntN(30) {
		at = at.Add(time.Duration(rnd.IntN(30)) * time.Hour)
		e := ledger.Entry{Position: store.Position(n + 1), At: at}
		e.Reader, e.Agency = events.ActorID(fmt.Sprint("r", rnd.IntN(4))), events.AgencyID(fmt.Sprint("a", rnd.IntN(3)))
		e.Role, e.Purpose = []string{"chair", "dsl"}[rnd.IntN(2)], []events.Purpose{"s47", "s17"}[rnd.IntN(2)]
		e.What, e.Withheld, e.Label = "view", rnd.IntN(3), labels[rnd.IntN(len(labels))]
		es = append(es, e)
	}
	return es
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
