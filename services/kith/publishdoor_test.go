package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPublishDoor: a native record goes through the door's translator to its
// receipt, the same record to the same one; one that does not fit sends nothing,
// and the place is named.
func TestPublishDoor(t *testing.T) {
	w := newWorld(t)
	demo := filepath.Join(w.dir, "demo.json")
	args := []string{"publish", "../police/testdata/encompass.json", "-demo", demo, "-as", "police", "-door", "/encompass", "-json"}
	code, first, errs := runKith(t, args...)
	if code != exitGood || !strings.Contains(first, `"position"`) {
		t.Fatalf("exit %d: %s%s", code, first, errs)
	}
	if _, again, _ := runKith(t, args...); again != first {
		t.Errorf("the same record: %s, then %s", first, again)
	}
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte(`{"incident":{}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	args[1] = bad
	if code, out, errs := runKith(t, args...); code != exitFailed || out != "" || !strings.Contains(errs, "nothing was sent") || !strings.Contains(errs, "/") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	args[7] = "/no-such"
	if code, _, errs := runKith(t, args...); code != exitUsage || !strings.Contains(errs, "/encompass") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
