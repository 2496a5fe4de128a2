package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/services/internal/telemetry"
)

// A hub whose keys were lost, or not put back yet, does not begin with new ones.
func TestNoNewKeysForAnOldLog(t *testing.T) {
	w := newWorld(t)
	dir := w.demo.hub.dir
	w.demo.close()
	if err := os.RemoveAll(filepath.Join(dir, "keys")); err != nil {
		t.Fatal(err)
	}
	tel, _ := telemetry.StartForTest("kith-test", io.Discard)
	for range 2 {
		if _, err := openNorthshire(t.Context(), w.dir, tel); err == nil || !strings.Contains(err.Error(), "there are no keys") {
			t.Errorf("opened: %v", err)
		}
	}
	if there(filepath.Join(dir, "keys", "master.key")) {
		t.Error("keys were made")
	}
}
