package keys_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"kith/events/store"
	"kith/services/internal/keys"
)

func open(t testing.TB, dir string) *keys.Keys {
	t.Helper()
	k, err := keys.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	return k
}

func seal(t testing.TB, k *keys.Keys, id store.KeyID, plain string) []byte {
	t.Helper()
	sealed, err := k.Seal(t.Context(), id, []byte(plain), []byte("place"))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func opens(t *testing.T, k *keys.Keys, id store.KeyID, sealed []byte, want string) {
	t.Helper()
	plain, err := k.Open(t.Context(), id, sealed, []byte("place"))
	if err != nil || string(plain) != want {
		t.Errorf("opened %q, %v; want %q", plain, err, want)
	}
}

func TestSealOutlivesARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	k := open(t, dir)
	sealed := seal(t, k, "subject-1", "words")
	opens(t, k, "subject-1", sealed, "words")
	name := k.Pseudonym("child", "x")
	_ = k.Close()
	k = open(t, dir)
	opens(t, k, "subject-1", sealed, "words")
	if k.Pseudonym("child", "x") != name {
		t.Error("the pseudonym changed")
	}
}

func TestOpenRefusesWhatWasMoved(t *testing.T) {
	k := open(t, t.TempDir())
	sealed := seal(t, k, "subject-1", "words")
	seal(t, k, "subject-2", "words")
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	for name, c := range map[string]struct {
		id            store.KeyID
		sealed, place string
	}{
		"another place": {"subject-1", string(sealed), "place2"},
		"no place":      {"subject-1", string(sealed), ""},
		"another key":   {"subject-2", string(sealed), "place"},
		"a changed bit": {"subject-1", string(flipped), "place"},
		"cut off":       {"subject-1", string(sealed[:10]), "place"},
		"nothing":       {"subject-1", "", "place"},
	} {
		plain, err := k.Open(t.Context(), c.id, []byte(c.sealed), []byte(c.place))
		if err == nil || errors.Is(err, store.ErrKeyGone) || plain != nil {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
	if _, err := k.Open(t.Context(), "subject-3", sealed, nil); !errors.Is(err, keys.ErrUnknownKey) {
		t.Errorf("a key that was never made: %v", err)
	}
}

func TestDestroy(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	sealed, other := seal(t, k, "subject-1", "words"), seal(t, k, "subject-2", "words")
	for range 2 {
		for _, id := range []store.KeyID{"subject-1", "subject-never"} {
			if err := k.Destroy(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
	}
	gone := func(k *keys.Keys) {
		t.Helper()
		if _, err := k.Open(t.Context(), "subject-1", sealed, []byte("place")); !errors.Is(err, store.ErrKeyGone) {
			t.Errorf("open: %v", err)
		}
		for _, id := range []store.KeyID{"subject-1", "subject-never"} {
			if _, err := k.Seal(t.Context(), id, nil, nil); !errors.Is(err, store.ErrKeyGone) {
				t.Errorf("seal with %s: %v", id, err)
			}
		}
		opens(t, k, "subject-2", other, "words")
	}
	gone(k)
	_ = k.Close()
	gone(open(t, dir))
}

// TestDestroyLeavesNoTrace looks for wrapped keys in every byte on disk. They
// are many, so that pages were split and left copies behind.
func TestDestroyLeavesNoTrace(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	const n = 300
	for i := range n {
		seal(t, k, store.KeyID(k.Pseudonym("subject", fmt.Sprint(i))), "words")
	}
	for i := range n / 10 {
		id := store.KeyID(k.Pseudonym("subject", fmt.Sprint(i*10)))
		wrapped := keys.Wrapped(t, k, id)
		if !onDisk(t, dir, wrapped) {
			t.Fatal("the wrapped key was not on disk before either")
		}
		if err := k.Destroy(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if onDisk(t, dir, wrapped) {
			t.Error("the wrapped key is still on disk")
		}
	}
}

func onDisk(t *testing.T, dir string, what []byte) bool {
	t.Helper()
	found := false
	for _, b := range files(t, dir) {
		if bytes.Contains(b, what) {
			found = true
		}
	}
	return found
}

func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	es, err := os.ReadDir(dir)
	if err != nil || len(es) == 0 {
		t.Fatal(es, err)
	}
	m := map[string][]byte{}
	for _, e := range es {
		if m[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestConcurrentFirstUseMakesOneKey(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	sealed := make([][]byte, 64)
	var wg sync.WaitGroup
	for i := range sealed {
		wg.Go(func() {
			var err error
			id := store.KeyID(fmt.Sprint("subject-", i%4))
			if sealed[i], err = k.Seal(t.Context(), id, []byte("words"), []byte("place")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	_ = k.Close()
	k = open(t, dir)
	for i, s := range sealed {
		opens(t, k, store.KeyID(fmt.Sprint("subject-", i%4)), s, "words")
	}
}

// TestTwoProcesses opens the same folder twice.
func TestTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir), open(t, dir)
	var wg sync.WaitGroup
	sealed := make([][]byte, 40)
	for i := range sealed {
		wg.Go(func() {
			k := []*keys.Keys{a, b}[i%2]
			var err error
			if sealed[i], err = k.Seal(t.Context(), "subject-1", []byte("words"), []byte("place")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, s := range sealed {
		opens(t, a, "subject-1", s, "words")
		opens(t, b, "subject-1", s, "words")
	}
}

func TestALostFileIsNotReplaced(t *testing.T) {
	for lost, want := range map[string]string{
		"master.key": "master.key is missing but keys.db holds keys",
		"keys.db":    "master.key is there but keys.db is not",
	} {
		dir := t.TempDir()
		k := open(t, dir)
		sealed := seal(t, k, "subject-1", "words")
		_ = k.Close()
		away := filepath.Join(t.TempDir(), "away")
		if err := os.Rename(filepath.Join(dir, lost), away); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := keys.Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("without %s: %v", lost, err)
			}
		}
		if err := os.Rename(away, filepath.Join(dir, lost)); err != nil {
			t.Fatal(err)
		}
		opens(t, open(t, dir), "subject-1", sealed, "words")
	}
}

func TestFilesThatDoNotBelongTogether(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	_ = open(t, a).Close()
	_ = open(t, b).Close()
	if err := os.Rename(filepath.Join(a, "master.key"), filepath.Join(b, "master.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Open(t.Context(), b); err == nil || !strings.Contains(err.Error(), "another master.key") {
		t.Error(err)
	}
	secret := `{"wrap": 7, "pseudonym": "c2VjcmV0"}`
	if err := os.WriteFile(filepath.Join(b, "master.key"), []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Open(t.Context(), b); err == nil || strings.Contains(err.Error(), "c2Vj") {
		t.Errorf("damaged: %v", err)
	}
}

// TestACutOffFirstStart: everything but master.key had been written.
func TestACutOffFirstStart(t *testing.T) {
	dir := t.TempDir()
	_ = open(t, dir).Close()
	if err := os.Remove(filepath.Join(dir, "master.key")); err != nil {
		t.Fatal(err)
	}
	k := open(t, dir)
	sealed := seal(t, k, "subject-1", "words")
	_ = k.Close()
	opens(t, open(t, dir), "subject-1", sealed, "words")
}

func TestOnlyTheOwnerCanRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	seal(t, open(t, dir), "subject-1", "words")
	for name := range files(t, dir) {
		i, err := os.Stat(filepath.Join(dir, name))
		if err != nil || i.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, i.Mode(), err)
		}
	}
}

func TestMoreKeysThanAreKept(t *testing.T) {
	k := open(t, t.TempDir())
	keys.KeepFew(k, 8)
	var sealed [20][]byte
	for i := range sealed {
		sealed[i] = seal(t, k, store.KeyID(fmt.Sprint("subject-", i)), "words")
	}
	for i, s := range sealed {
		opens(t, k, store.KeyID(fmt.Sprint("subject-", i)), s, "words")
	}
	if n := keys.Kept(k); n > 8 {
		t.Errorf("%d keys are kept in memory", n)
	}
}

func TestPseudonym(t *testing.T) {
	k := open(t, t.TempDir())
	seen := map[string]string{}
	for _, in := range [][2]string{{"subject", "a"}, {"child", "a"}, {"subject", "b"}, {"subjecta", ""}, {"", "subjecta"}, {"subject", ""}} {
		p := k.Pseudonym(in[0], in[1])
		if !regexp.MustCompile(`^[a-z2-7]{26}$`).MatchString(p) {
			t.Errorf("%q", p)
		}
		if p != k.Pseudonym(in[0], in[1]) {
			t.Errorf("%q has two", in)
		}
		if other, ok := seen[p]; ok {
			t.Errorf("%q and %q have the same", in, other)
		}
		seen[p] = fmt.Sprint(in)
	}
	if open(t, t.TempDir()).Pseudonym("subject", "a") == k.Pseudonym("subject", "a") {
		t.Error("two hubs give the same name")
	}
}

func BenchmarkFirstUse(b *testing.B) {
	k := open(b, b.TempDir())
	for i := range b.N {
		seal(b, k, store.KeyID(fmt.Sprint("subject-", i)), "words")
	}
}

// BenchmarkFirstUseByMany: those who make keys at the same time share a sync.
func BenchmarkFirstUseByMany(b *testing.B) {
	k := open(b, b.TempDir())
	var n atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := k.Seal(b.Context(), store.KeyID(fmt.Sprint("subject-", n.Add(1))), []byte("words"), nil); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	k := open(b, b.TempDir())
	plain := strings.Repeat("x", 1024)
	for b.Loop() {
		seal(b, k, "subject-1", plain)
	}
}

// TestDestroyedByAnotherProcess has a key in the cache of one and destroys it
// with the other. Other keys stay as they were.
func TestDestroyedByAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir), open(t, dir)
	for i := range 20 {
		id := store.KeyID(fmt.Sprint("subject-", i))
		sealed, other := seal(t, a, id, "words"), seal(t, b, "subject-other", "words")
		opens(t, a, id, sealed, "words")
		opens(t, b, id, sealed, "words") // in both caches now
		if err := []*keys.Keys{a, b}[i%2].Destroy(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		for name, k := range map[string]*keys.Keys{"a": a, "b": b} {
			if _, err := k.Open(t.Context(), id, sealed, []byte("place")); !errors.Is(err, store.ErrKeyGone) {
				t.Fatalf("%s opens with a key that was destroyed: %v", name, err)
			}
			if _, err := k.Seal(t.Context(), id, nil, nil); !errors.Is(err, store.ErrKeyGone) {
				t.Fatalf("%s seals with a key that was destroyed: %v", name, err)
			}
			opens(t, k, "subject-other", other, "words")
		}
	}
}

// TestDestroyedWhileFetched: a key that is destroyed between its row and the
// cache does not come to the cache, though the cache was emptied before.
func TestDestroyedWhileFetched(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir), open(t, dir)
	sealed, other := seal(t, a, "subject-1", "words"), seal(t, a, "subject-2", "words")
	err := keys.FetchSlowly(t.Context(), b, "subject-1", func() {
		if err := a.Destroy(t.Context(), "subject-1"); err != nil {
			t.Error(err)
		}
		opens(t, b, "subject-2", other, "words")
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Open(t.Context(), "subject-1", sealed, []byte("place")); !errors.Is(err, store.ErrKeyGone) {
		t.Errorf("opened with a key that was destroyed: %v", err)
	}
}

// TestDestroyedWhileInUse has one process use keys without pause while the other
// destroys them: after Destroy returned not one use succeeds.
func TestDestroyedWhileInUse(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir), open(t, dir)
	const n = 60
	for i := range n {
		id := store.KeyID(fmt.Sprint("subject-", i))
		sealed := seal(t, a, id, "words")
		var gone atomic.Bool
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					before := gone.Load()
					_, err := b.Open(t.Context(), id, sealed, []byte("place"))
					if err == nil && before {
						t.Errorf("%s opened after it was destroyed", id)
					}
					if before {
						return
					}
				}
			})
		}
		err := a.Destroy(t.Context(), id)
		gone.Store(true)
		wg.Wait()
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d keys destroyed while another process used them: 0 used afterwards", n)
}

// TestManyBeginTheSameFolder: all have the same keys in the end.
func TestManyBeginTheSameFolder(t *testing.T) {
	for range 5 {
		dir := filepath.Join(t.TempDir(), "keys")
		ks := make([]*keys.Keys, 4)
		var wg sync.WaitGroup
		for i := range ks {
			wg.Go(func() {
				var err error
				if ks[i], err = keys.Open(t.Context(), dir); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
		sealed := seal(t, ks[0], "subject-1", "words")
		for _, k := range ks {
			opens(t, k, "subject-1", sealed, "words")
			if k.Pseudonym("child", "x") != ks[0].Pseudonym("child", "x") {
				t.Error("two pseudonyms for one child")
			}
			_ = k.Close()
		}
	}
}
