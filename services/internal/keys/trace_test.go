package keys_test

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"testing"

	"kith/events/store"
	"kith/services/internal/keys"
)

// Of no destroyed key is anything left, wherever SQLite had moved its row before:
// pages are split and balanced while keys are made in no order.
func TestDestroyLeavesNoTraceAmongMany(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	name := func(i int) store.KeyID {
		h := fnv.New64a()
		fmt.Fprint(h, i)
		return store.KeyID(fmt.Sprintf("subject-%016x", h.Sum64()))
	}
	const all, every = 4000, 20
	wrapped := map[int][]byte{}
	for i := range all {
		seal(t, k, name(i), "x")
		if i%every == 0 {
			wrapped[i] = keys.Wrapped(t, k, name(i))
		}
	}
	for i := range wrapped {
		if err := k.Destroy(t.Context(), name(i)); err != nil {
			t.Fatal(err)
		}
	}
	left := 0
	for file, b := range files(t, dir) {
		for i, w := range wrapped {
			if bytes.Contains(b, w[len(w)/2:]) {
				left++
				t.Logf("%s holds what is left of key %d", file, i)
			}
		}
	}
	t.Logf("%d keys among %d were destroyed, of %d something is left", len(wrapped), all, left)
	if left > 0 {
		t.Error("a destroyed key lies in the file")
	}
}
