package childview

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"kith/events"
	"kith/events/store"
)

// superseding is an item that stands in the place of another of its source.
func superseding(old, id string, f events.Fact) events.Event {
	i := said(id, "s", hour(1)).(events.Item)
	i.Source, i.EventID, i.Supersedes = "urn:a", id, old
	if f != nil {
		i.Fact = f
	}
	return i
}

// A corrected item is shown as it is now, a withdrawn one not at all; what was
// known before is known as it was then.
func TestCorrectedAndWithdrawn(t *testing.T) {
	h := History{
		Links: []store.Event{at(0, linked("s"))},
		Items: map[events.SubjectID][]store.Event{"s": {
			at(1, superseding("", "a", nil)), at(2, superseding("", "b", nil)),
			at(3, superseding("a", "c", nil)), at(4, superseding("b", "d", events.PoliceWithdrawal{})),
			at(5, superseding("c", "e", events.PoliceWithdrawal{})), at(6, superseding("never", "f", nil)),
		}},
	}
	for known, want := range []string{"", "a ", "a b ", "b c ", "c ", "", "f "} {
		when := hour(known)
		if got := ids(Fold("c", h, &when, hour(99))); got != want {
			t.Errorf("as known at %d: %q, want %q", known, got, want)
		}
	}
	then := hour(3)
	for _, i := range Fold("c", h, &then, hour(99)).Items {
		if i.Corrects != (i.ID == "c") {
			t.Errorf("%s corrects another: %v", i.ID, i.Corrects)
		}
	}
	if now := Fold("c", h, nil, hour(99)); now.Items[0].Corrects {
		t.Error("corrects what never was")
	}
}

// Another agency's event of the same id is another event.
func TestSupersedesItsOwn(t *testing.T) {
	other := superseding("", "a", nil).(events.Item)
	other.Source = "urn:b"
	h := History{Links: []store.Event{at(0, linked("s"))},
		Items: map[events.SubjectID][]store.Event{"s": {at(1, other), at(2, superseding("a", "c", nil))}}}
	if got := ids(Fold("c", h, nil, hour(99))); got != "a c " {
		t.Errorf("%q", got)
	}
}

// After any history exactly those stand that nothing supersedes, in whatever order
// they arrived.
func TestWhatStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var es []store.Event
		want := map[events.ItemID]bool{}
		for n := range rapid.IntRange(0, 20).Draw(t, "events") {
			id, old := fmt.Sprint("i", n), ""
			if n > 0 && rapid.Bool().Draw(t, "supersedes") {
				old = fmt.Sprint("i", rapid.IntRange(0, n-1).Draw(t, "which"))
				want[events.ItemID(old)] = false
			}
			var f events.Fact
			if old != "" && rapid.Bool().Draw(t, "withdraws") {
				f = events.PoliceWithdrawal{}
			}
			es = append(es, at(n, superseding(old, id, f)))
			want[events.ItemID(id)] = f == nil
		}
		h := History{Links: []store.Event{at(0, linked("s"))}, Items: map[events.SubjectID][]store.Event{"s": rapid.Permutation(es).Draw(t, "order")}}
		got := map[events.ItemID]bool{}
		for _, i := range Fold("c", h, nil, hour(99)).Items {
			got[i.ID] = true
		}
		for id, stands := range want {
			if got[id] != stands {
				t.Errorf("%s stands: %v, want %v", id, got[id], stands)
			}
		}
	})
}
