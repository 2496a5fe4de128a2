package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/events"
	"kith/events/store"
	"kith/services/internal/telemetry"
)

// order runs the program and returns its exit code and output.
func order(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), args, &out, &errs)
	t.Logf("kith %s: %d\n%s%s", strings.Join(args, " "), code, out.String(), errs.String())
	return code, out.String()
}

// outcomes are what a rebuild with -json said.
func outcomes(t *testing.T, out string) (ls []rebuildLine) {
	t.Helper()
	if err := lines(strings.NewReader(out), func(l rebuildLine) error {
		if l.Outcome != nil {
			ls = append(ls, l)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return ls
}

func statusOf(t *testing.T, dir string) (s status) {
	t.Helper()
	code, out := order(t, "status", "-data", dir, "-json")
	if err := json.Unmarshal([]byte(out), &s); err != nil || code != exitGood {
		t.Fatalf("%d, %v", code, err)
	}
	return s
}

// The families' histories are rebuilt by the running hub, then from its files.
func TestRebuildTheReadModels(t *testing.T) {
	tel, err := telemetry.Start(t.Context(), "kith-test")
	if err != nil {
		t.Fatal(err)
	}
	defer tel.Shutdown(context.Background())
	dir := t.TempDir()
	d, err := openDemo(t.Context(), dir, "127.0.0.1:0", tel, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	hub := filepath.Join(dir, "hub")
	t.Run("the hub runs", func(t *testing.T) {
		defer d.close()
		rebuilt(t, hub, "identity", "childview", "strategy", "inbox", "retention")
		before := statusOf(t, hub)
		if !before.Running || !before.Ready || before.LogBytes == 0 || len(before.Projections) != 5 || before.Projections[1].Position != before.Last {
			t.Errorf("%+v", before)
		}
		last, err := d.publishNotices(t.Context(), benchPolice, []events.Notice{benchNotice(1, 1)})
		if err != nil || d.hub.caughtUp(t.Context(), last) != nil {
			t.Fatal("after the switch no event gets through: ", err)
		}
		rebuilt(t, hub, "strategy")
		// A row that the log does not give: it is found, and named by opaque ids.
		if _, err := d.hub.models[1].Write.Exec(`INSERT INTO link VALUES ('s', 'c')`); err != nil {
			t.Fatal(err)
		}
		if code, out := order(t, "rebuild", "-data", hub, "-json", "-check"); code != exitFailed || outcomes(t, out)[1].Outcome.Differs != `table link, row subject="s"` {
			t.Error("what differs is not found")
		}
		if code, _ := order(t, "rebuild", "-data", hub, "-switch", "always"); code != exitGood {
			t.Error("what differs is not put right")
		}
		rebuilt(t, hub, "identity", "childview", "strategy", "inbox", "retention")
		rebuiltInbox(t, d, hub)
		if i, err := os.Stat(controlPath(hub)); err != nil || i.Mode().Perm() != 0o600 {
			t.Errorf("the socket: %v, %v", i, err)
		}
		if res, err := http.Get(d.file.URL + "/readyz"); err != nil || res.StatusCode != http.StatusOK {
			t.Errorf("not ready: %v, %v", res, err)
		}
	})
	t.Run("no hub runs", func(t *testing.T) {
		if _, err := os.Stat(controlPath(hub)); err == nil {
			t.Error("the socket is still there")
		}
		rebuilt(t, hub, "identity", "childview", "strategy", "inbox", "retention")
		if s := statusOf(t, hub); s.Running || len(s.Projections) != 5 || s.Projections[0].LagEvents != 0 {
			t.Errorf("%+v", s)
		}
		if err := os.Remove(filepath.Join(hub, "models", "childview.db")); err != nil {
			t.Fatal(err)
		}
		if code, out := order(t, "rebuild", "-data", hub, "-json"); code != exitGood || !outcomes(t, out)[1].Outcome.New {
			t.Error("a missing file is not built")
		}
		rebuilt(t, hub, "identity", "childview", "strategy", "inbox", "retention")
	})
}

// rebuilt rebuilds some or all and expects that they hold the same.
func rebuilt(t *testing.T, dir string, names ...string) {
	t.Helper()
	args := []string{"rebuild", "-data", dir, "-json"}
	if len(names) == 1 {
		args = append(args, "-only", names[0])
	}
	code, out := order(t, args...)
	os := outcomes(t, out)
	if code != exitGood || len(os) != len(names) {
		t.Fatalf("exit %d, %d outcomes", code, len(os))
	}
	for i, l := range os {
		if o := l.Outcome; o.Model != names[i] || !o.Same || !o.Switched || o.Position == store.Position(0) || o.Rows == 0 && o.Model != "retention" {
			t.Errorf("%+v", o)
		}
	}
}

// rebuiltInbox: what agencies were told, under which numbers, and who was shown
// what, follow from the two logs, and a row that does not is found.
func rebuiltInbox(t *testing.T, d *demonstration, hub string) {
	t.Helper()
	db := d.hub.models[3]
	if err := d.hub.recordRead(t.Context(), events.ReadRecorded{Reader: "somebody", Agency: "oakfield-school", What: "view", Child: "c", Shown: []events.ItemID{"i1", "i2"}}); err != nil {
		t.Fatal(err)
	}
	rebuilt(t, hub, "inbox")
	for _, table := range []string{"told", "seen"} {
		var n int
		if err := db.Read.QueryRow(`SELECT count(*) FROM ` + table).Scan(&n); err != nil || n < 2 {
			t.Errorf("%d rows in %s: %v", n, table, err)
		}
	}
	for _, tc := range []struct{ change, where, undo string }{
		{`UPDATE told SET seq = -seq`, "table told, row agency=", `UPDATE told SET seq = -seq`},
		{`INSERT INTO seen VALUES ('i3', 'nobody', 'c')`, `table seen, row item="i3", reader="nobody"`, `DELETE FROM seen WHERE item = 'i3'`},
	} {
		if _, err := db.Write.Exec(tc.change); err != nil {
			t.Fatal(err)
		}
		code, out := order(t, "rebuild", "-data", hub, "-json", "-only", "inbox")
		if o := outcomes(t, out); code != exitFailed || len(o) != 1 || !strings.HasPrefix(o[0].Outcome.Differs, tc.where) || o[0].Outcome.Switched {
			t.Errorf("%s is not found", tc.change)
		}
		if _, err := db.Write.Exec(tc.undo); err != nil {
			t.Fatal(err)
		}
		rebuilt(t, hub, "inbox")
	}
}

func TestRebuildIsAskedForRightly(t *testing.T) {
	for _, args := range [][]string{{"rebuild"}, {"status"}, {"rebuild", "-data", "x", "-switch", "never"}, {"rebuild", "-data", "x", "-only", "ledger"}, {"rebuild", "-data", "x", "-config", "y"}} {
		if code, _ := order(t, args...); code != exitUsage {
			t.Errorf("%q: exit %d", args, code)
		}
	}
	for _, name := range []string{"rebuild", "status"} {
		dir := t.TempDir()
		if code, _ := order(t, name, "-data", dir); code != exitFailed {
			t.Errorf("%s of an empty folder: exit %d", name, code)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s made %v in it, %v", name, left, err)
		}
	}
}
