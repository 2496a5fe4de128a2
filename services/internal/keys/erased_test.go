package keys_test

import (
	"path/filepath"
	"testing"
	"time"

	"kith/events/store"
	"kith/services/internal/keys"
)

// The list names what was destroyed, used or not, and when it first was.
func TestErasedIn(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	seal(t, k, "subject-kept", "x")
	seal(t, k, "subject-used", "x")
	began := time.Now().Truncate(time.Second)
	for range 2 {
		for _, id := range []string{"subject-used", "subject-never-used"} {
			if err := k.Destroy(t.Context(), store.KeyID(id)); err != nil {
				t.Fatal(err)
			}
		}
	}
	all, err := keys.ErasedIn(t.Context(), filepath.Join(dir, "keys.db"))
	if err != nil || len(all) != 2 || all[0].Key != "subject-never-used" || all[1].Key != "subject-used" {
		t.Fatalf("%v, %v", all, err)
	}
	for _, e := range all {
		if e.At.Before(began) || e.At.After(time.Now()) {
			t.Errorf("%s at %v", e.Key, e.At)
		}
	}
	opens(t, k, "subject-kept", seal(t, k, "subject-kept", "still"), "still")
}
