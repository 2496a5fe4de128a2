package keys_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"kith/events/store"
	"kith/services/internal/keys"
)

func name(i int) store.KeyID { return store.KeyID(fmt.Sprint("subject-", i)) }

// After a rotation everybody reads and writes on, also who had the folder open; the
// old master key opens nothing, and of what it wrapped nothing is left.
func TestRotate(t *testing.T) {
	for _, fresh := range []bool{false, true} {
		dir := t.TempDir()
		k, other := open(t, dir), open(t, dir)
		var sealed, wrapped [][]byte
		for i := range 50 {
			sealed = append(sealed, seal(t, k, name(i), "before"))
			wrapped = append(wrapped, keys.Wrapped(t, k, name(i)))
		}
		opens(t, other, name(0), sealed[0], "before")
		if err := k.Destroy(t.Context(), name(49)); err != nil {
			t.Fatal(err)
		}
		old, person := files(t, dir)["master.key"], k.Pseudonym("child", "x")
		for range 2 {
			if n, err := keys.Rotate(t.Context(), dir, fresh); err != nil || n != 49 {
				t.Fatalf("%d keys, %v", n, err)
			}
		}
		reopened := open(t, dir)
		for who, k := range map[string]*keys.Keys{"who had it open": k, "another": other, "who opens it now": reopened} {
			for i := range 49 {
				opens(t, k, name(i), sealed[i], "before")
				again := seal(t, k, name(i), "after")
				opens(t, other, name(i), again, "after")
				opens(t, reopened, name(i), again, "after")
			}
			id := store.KeyID("child-" + who)
			opens(t, reopened, id, seal(t, k, id, "new"), "new")
			if k.Pseudonym("child", "x") != person {
				t.Error("somebody is somebody else")
			}
			if _, err := k.Open(t.Context(), name(49), sealed[49], []byte("place")); err == nil {
				t.Error("a destroyed key came back")
			}
		}
		if n, err := keys.Verify(t.Context(), dir); err != nil || n != 53 {
			t.Errorf("%d keys, %v", n, err)
		}
		for i, w := range wrapped {
			if onDisk(t, dir, w) {
				t.Errorf("key %d lies there as it was wrapped before", i)
			}
		}
		if bytes.Equal(old, files(t, dir)["master.key"]) {
			t.Error("the master key is the same")
		}
		for _, k := range []*keys.Keys{k, other, reopened} {
			_ = k.Close()
		}
		if err := os.WriteFile(filepath.Join(dir, "master.key"), old, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Verify(t.Context(), dir); err == nil {
			t.Error("the old master key opens them still")
		}
	}
}

// Cut off after any step, keys open, and the next rotation completes it.
func TestRotateCutOff(t *testing.T) {
	for steps := range 5 {
		dir := t.TempDir()
		k, other := open(t, dir), open(t, dir)
		sealed := seal(t, k, name(1), "before")
		if err := keys.RotatePartly(t.Context(), dir, steps); err != nil {
			t.Fatal(err)
		}
		opens(t, k, name(1), seal(t, other, name(1), "with what k has not seen"), "with what k has not seen")
		between := seal(t, k, name(2), "between")
		for _, k := range []*keys.Keys{k, open(t, dir)} {
			opens(t, k, name(1), sealed, "before")
			opens(t, k, name(2), between, "between")
		}
		if n, err := keys.Verify(t.Context(), dir); err != nil || n != 2 {
			t.Errorf("after %d steps: %d keys, %v", steps, n, err)
		}
		if _, err := keys.Rotate(t.Context(), dir, false); err != nil {
			t.Fatal(err)
		}
		for _, k := range []*keys.Keys{k, open(t, dir)} {
			opens(t, k, name(1), sealed, "before")
			opens(t, k, name(2), between, "between")
		}
	}
}

// While it is rotated again and again, nobody fails to read or to write.
func TestRotateWhileInUse(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir)
	before := seal(t, first, name(0), "before")
	stop := make(chan struct{})
	var wg sync.WaitGroup
	did := make([]int, 4)
	for w := range did {
		k := open(t, dir)
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				id := store.KeyID(fmt.Sprintf("subject-%d-%d", w, i))
				sealed, err := k.Seal(t.Context(), id, []byte("x"), nil)
				if err == nil {
					_, err = first.Open(t.Context(), id, sealed, nil)
				}
				if err == nil {
					_, err = k.Open(t.Context(), name(0), before, []byte("place"))
				}
				if err == nil {
					sealed, err = k.Seal(t.Context(), name(0), []byte("x"), nil)
				}
				if err == nil {
					_, err = first.Open(t.Context(), name(0), sealed, nil)
				}
				if err != nil {
					t.Error(err)
					return
				}
				did[w]++
			}
		})
	}
	const times = 12
	for i := range times {
		if _, err := keys.Rotate(t.Context(), dir, i%2 == 0); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	wg.Wait()
	all := 0
	for _, n := range did {
		all += n
	}
	if n, err := keys.Verify(t.Context(), dir); err != nil || all == 0 {
		t.Errorf("%d keys, %v", n, err)
	}
	t.Logf("%d keys were made and used by 4 processes during %d rotations", all, times)
}
