package tree

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"testing"
	"time"

	"crypto/rand"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"kith/events/store"
)

// ram is a log in memory.
type ram []store.Recorded

func (l ram) Read(context.Context, store.Stream, store.Revision) iter.Seq2[store.Recorded, error] {
	return func(func(store.Recorded, error) bool) {}
}

func (l ram) Follow(ctx context.Context, p store.Position) iter.Seq2[store.Recorded, error] {
	return func(yield func(store.Recorded, error) bool) {
		for _, r := range l[min(int(p), len(l)):] {
			if !yield(r, nil) {
				return
			}
		}
		<-ctx.Done()
	}
}

func (l ram) Last(context.Context) (store.Position, error) { return store.Position(len(l)), nil }

// event is one of 1 KiB, as intake writes them.
func event(i int) store.Recorded {
	r := store.Recorded{
		Entry:  store.Entry{Type: "uk.kith.subject.item-shared.v1", Data: make([]byte, 1024)},
		Stream: store.Stream(fmt.Sprintf("subject-%032d", i/10)), Revision: store.Revision(i%10 + 1), Position: store.Position(i + 1),
		At: time.Unix(1_800_000_000, int64(i)*31_000).UTC(),
		Cause: store.Cause{By: "intake", For: "northshire-police", Because: "northshire-police:2026-11-23-000001",
			Trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
	}
	binary.BigEndian.PutUint64(r.Data, uint64(i))
	binary.BigEndian.PutUint64(r.ID[:], uint64(i))
	return r
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func openEmpty(t testing.TB, log store.Reader) *Tree {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "kith-hub")
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := Open(t.Context(), Config{Log: log, Path: t.TempDir(), Origin: "kith-hub/events", Signer: s, Verifier: public, Every: time.Hour, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tr.Close() })
	return tr
}

// BenchmarkAppend is all that the tree costs for one event of 1 KiB: leaf,
// hashes, both files.
func BenchmarkAppend(b *testing.B) {
	tr := openEmpty(b, ram(nil))
	rs := make([]store.Recorded, 1<<12)
	for i := range rs {
		rs[i] = event(i)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		r := rs[i%len(rs)]
		r.Position = store.Position(i + 1)
		if err := tr.add(r); err != nil {
			b.Fatal(err)
		}
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkProof makes inclusion and consistency proofs in a tree of 100,000.
func BenchmarkProof(b *testing.B) {
	log := make(ram, 100_000)
	for i := range log {
		log[i] = event(i)
	}
	tr := openEmpty(b, log)
	for n := int64(0); n < int64(len(log)); n, _ = tr.Size() {
		time.Sleep(time.Millisecond)
	}
	i := 0
	for b.Loop() {
		i = (i + 7919) % len(log)
		if _, _, _, err := tr.Inclusion(b.Context(), store.Position(i+1), int64(len(log))); err != nil {
			b.Fatal(err)
		}
		if _, err := tr.Consistency(int64(i+1), int64(len(log))); err != nil {
			b.Fatal(err)
		}
	}
}

// TestAppendAllocatesNothing: the tree follows every append of the hub.
func TestAppendAllocatesNothing(t *testing.T) {
	tr := openEmpty(t, ram(nil))
	r := event(1)
	r.Position = 0
	if n := testing.AllocsPerRun(5000, func() {
		r.Position++
		if err := tr.add(r); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations for a leaf", n)
	}
}

// TestStoredAsTlogStores compares what is stored with what tlog says is stored.
func TestStoredAsTlogStores(t *testing.T) {
	var f frontier
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) (hs []tlog.Hash, err error) {
		for _, i := range indexes {
			hs = append(hs, stored[i])
		}
		return hs, nil
	})
	for n := range int64(600) {
		h := tlog.RecordHash([]byte{byte(n), byte(n >> 8)})
		want, err := tlog.StoredHashesForRecordHash(n, h, read)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.add(h); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("leaf %d: stores %v, want %v", n, got, want)
		}
		stored = append(stored, want...)
		root, err := tlog.TreeHash(n+1, read)
		if err != nil || f.root() != root {
			t.Fatalf("root of %d: %v, want %v, %v", n+1, f.root(), root, err)
		}
	}
}

func FuzzCheckpoint(f *testing.F) {
	f.Add("kith-hub/events\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")
	f.Add("a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nextension\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseText(text)
		if err == nil && (len(text) < len(c.text()) || text[:len(c.text())] != c.text()) {
			t.Errorf("%q is read as %q", text, c.text())
		}
	})
}

func FuzzCheckpoints(f *testing.F) {
	f.Add([]byte("o\n7\nx\n\n— a b\n\no\n8\ny\n\n— a c\n\n"))
	f.Add([]byte("o\n7\nx\n\n— a b\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		notes, rest := splitNotes(b)
		var again []byte
		for _, n := range notes {
			again = append(append(again, n...), '\n')
		}
		if string(append(again, rest...)) != string(b) {
			t.Errorf("%q becomes %q and %q", b, notes, rest)
		}
	})
}

func FuzzProof(f *testing.F) {
	f.Add(Proof{Leaf: Leaf(event(1)), Index: 3, Hashes: tlog.RecordProof{{1}, {2}}, Signed: []byte("o\n7\nx\n\n— a b\n")}.Text())
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := ParseProof(b); err == nil && string(p.Text()) != string(b) {
			t.Errorf("%q is read as %q", b, p.Text())
		}
	})
}
