package identity

import (
	"testing"

	"kith/events"
	"kith/events/store"
	"kith/services/internal/follow"
)

func (h *hub) withhold(ids ...store.KeyID) {
	h.t.Helper()
	if err := h.keys.Withhold(h.t.Context(), ids...); err != nil {
		h.t.Fatal(err)
	}
}

// What is shared about a child whose record was erased is not lost: it is about a
// child of its own, whether the index was purged before or not.
func TestLinkedToWhatWasErased(t *testing.T) {
	for _, purged := range []bool{false, true} {
		h := open(t)
		h.sees("s", "school", nhs(0))
		gone := h.child("s")
		h.withhold("subject-s", "child-"+store.KeyID(gone))
		if purged {
			p := follow.Projection{Model: Model(h.store.Pseudonym), DB: h.db}
			if err := p.Purge(t.Context(), []store.Stream{"subject-s", "child-" + store.Stream(gone)}); err != nil {
				t.Fatal(err)
			}
			if c, _, _ := h.ChildOf(t.Context(), "s"); c != "" {
				t.Errorf("still part of %s", c)
			}
		}
		h.sees("p", "police", nhs(0))
		if c := h.child("p"); c == gone {
			t.Error("linked to what was erased")
		}
		found, err := h.Find(t.Context(), events.Query{NHSNumber: numbers[0]})
		if err != nil || purged && (len(found) != 1 || found[0] == gone) {
			t.Errorf("purged %v: found %v, %v", purged, found, err)
		}
	}
}

// A purged index holds what one would that was built without the keys.
func TestPurgedIsRebuilt(t *testing.T) {
	h := open(t)
	h.sees("s", "school", nhs(0), called("Ann"))
	h.sees("p", "police", nhs(0))
	h.sees("q", "police", nhs(1), called("Ann")) // may be the same child
	h.sees("r", "health", nhs(2))
	c := h.child("s")
	h.settle()
	streams := []store.Stream{"subject-s", "subject-p", "child-" + store.Stream(c), "strategy-" + store.Stream(c), "consent-" + store.Stream(c)}
	h.withhold("subject-s", "subject-p", "child-"+store.KeyID(c))
	p := follow.Projection{Model: Model(h.store.Pseudonym), DB: h.db}
	for range 2 {
		if err := p.Purge(t.Context(), streams); err != nil {
			t.Fatal(err)
		}
	}
	h.settle()
	fresh := h.fresh()
	last, err := h.store.Last(t.Context())
	if err != nil || fresh.Wait(t.Context(), last) != nil {
		t.Fatal(err)
	}
	got, err := h.db.Digest(t.Context(), "pending")
	if err != nil {
		t.Fatal(err)
	}
	want, err := fresh.db.Digest(t.Context(), "pending")
	if err != nil || got.Sum != want.Sum {
		t.Errorf("they differ: %+v, %+v, %v", got, want, err)
	}
}
