package main

import (
	"io"
	"path/filepath"
	"testing"

	"kith/services/internal/telemetry"
)

// The master key of a running hub is rotated, and everybody sees and shares what
// they did before.
func TestRotateWhileTheHubRuns(t *testing.T) {
	tel, _ := telemetry.StartForTest("kith-test", io.Discard)
	e := newErasing(t, t.TempDir(), tel)
	e.sow(t)
	child := e.child(t, erasedKid)
	e.decide(t, child)
	all := e.heard(t, child)
	for _, args := range [][]string{{}, {"-fresh"}} {
		if code, out := order(t, append([]string{"keys", "rotate", "-data", filepath.Join(e.dir, "hub")}, args...)...); code != exitGood {
			t.Fatalf("%d %s", code, out)
		}
		if n := e.heard(t, child); n != all || n == 0 {
			t.Errorf("%d words are served, before there were %d", n, all)
		}
		e.consent(t, child)
	}
	b := e.backup(t)
	if code, out := order(t, "restore", "-from", b.record, "-keys-from", b.keys, "-data", filepath.Join(t.TempDir(), "hub")); code != exitGood {
		t.Errorf("%d %s", code, out)
	}
	if code, _ := order(t, "keys", "rotate", "-data", t.TempDir()); code != exitFailed {
		t.Error("keys were rotated where there are none")
	}
}

// consent records one more consent about a child.
func (e *erasing) consent(t *testing.T, child string) {
	t.Helper()
	e.post(t, "chair", "/v1/children/"+child+"/consents", `{"by":"person-with-parental-responsibility","scope":"early-help"}`, 201)
}
