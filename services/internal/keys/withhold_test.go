package keys_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"kith/events/store"
	"kith/services/internal/keys"
)

// A withheld key is to readers and writers like one that was destroyed, in every
// process at once, and comes back whole.
func TestWithhold(t *testing.T) {
	dir := t.TempDir()
	k, other := open(t, dir), open(t, dir)
	sealed := seal(t, k, "subject-1", "words")
	opens(t, other, "subject-1", sealed, "words")
	for range 2 {
		if err := k.Withhold(t.Context(), "subject-1", "consent-never-made"); err != nil {
			t.Fatal(err)
		}
	}
	reopened := open(t, dir)
	for name, k := range map[string]*keys.Keys{"the same": k, "another process": other, "one that begins": reopened} {
		if _, err := k.Open(t.Context(), "subject-1", sealed, []byte("place")); !errors.Is(err, store.ErrKeyGone) {
			t.Errorf("%s: opened, %v", name, err)
		}
		for _, id := range []store.KeyID{"subject-1", "consent-never-made"} {
			if _, err := k.Seal(t.Context(), id, []byte("more"), nil); !errors.Is(err, store.ErrKeyGone) {
				t.Errorf("%s: sealed with %s, %v", name, id, err)
			}
		}
	}
	if ids, err := k.Withheld(t.Context()); err != nil || !slices.Equal(ids, []store.KeyID{"consent-never-made", "subject-1"}) {
		t.Errorf("withheld: %v, %v", ids, err)
	}
	for range 2 {
		if err := other.Release(t.Context(), "subject-1", "consent-never-made"); err != nil {
			t.Fatal(err)
		}
	}
	for _, k := range []*keys.Keys{k, other, reopened} {
		opens(t, k, "subject-1", sealed, "words")
		opens(t, k, "consent-never-made", seal(t, k, "consent-never-made", "x"), "x")
	}
}

// Withholding and releasing bring back nothing that was destroyed, in whatever order.
func TestWithholdDestroyed(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	before, between := seal(t, k, "subject-before", "x"), seal(t, k, "subject-between", "x")
	ids := []store.KeyID{"subject-before", "subject-between", "subject-never"}
	destroy := func(id store.KeyID) {
		if err := k.Destroy(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	destroy("subject-before")
	if err := k.Withhold(t.Context(), ids...); err != nil {
		t.Fatal(err)
	}
	all, err := keys.ErasedIn(t.Context(), filepath.Join(dir, "keys.db"))
	if err != nil || len(all) != 3 || all[0].Withheld || !all[1].Withheld || !all[2].Withheld || all[1].At.IsZero() {
		t.Errorf("listed: %+v, %v", all, err)
	}
	destroy("subject-between")
	destroy("subject-never")
	if err := k.Release(t.Context(), ids...); err != nil {
		t.Fatal(err)
	}
	for i, sealed := range [][]byte{before, between} {
		if _, err := k.Open(t.Context(), ids[i], sealed, []byte("place")); !errors.Is(err, store.ErrKeyGone) {
			t.Errorf("%s opened, %v", ids[i], err)
		}
	}
	for _, id := range ids {
		if _, err := k.Seal(t.Context(), id, []byte("x"), nil); !errors.Is(err, store.ErrKeyGone) {
			t.Errorf("sealed with %s, %v", id, err)
		}
	}
	all, err = keys.ErasedIn(t.Context(), filepath.Join(dir, "keys.db"))
	if err != nil || len(all) != 3 || slices.ContainsFunc(all, func(e keys.Erased) bool { return e.Withheld }) {
		t.Errorf("listed: %+v, %v", all, err)
	}
}
