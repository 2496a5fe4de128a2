package childview

import (
	"fmt"
	"testing"
	"time"

	"kith/events/store"
)

// What is kept has a bound and an end; what was used last stays longest.
func TestRecent(t *testing.T) {
	var r recent
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	third := make([]store.Event, keepEvents/3)
	for i := range 3 {
		r.keep(store.Stream(fmt.Sprint("subject-", i)), third, now.Add(time.Duration(i)*time.Second))
	}
	r.keep("subject-0", third, now.Add(3*time.Second)) // used again
	r.keep("subject-3", third, now.Add(4*time.Second))
	if r.take("subject-1") != nil || r.take("subject-0") == nil || r.events > keepEvents {
		t.Errorf("%d events are kept: %d streams", r.events, len(r.streams))
	}
	r.forget("subject-0")
	if r.take("subject-0") != nil {
		t.Error("forgotten and still there")
	}
	r.keep("subject-4", third[:1], now.Add(keepFor+time.Minute))
	if len(r.streams) != 1 || r.events != 1 {
		t.Errorf("%d streams with %d events long after", len(r.streams), r.events)
	}
}

// A picture that was made a moment ago does not hide what came since.
func TestPictureGoesOn(t *testing.T) {
	h := open(t)
	h.append("subject-s", said("i1", "s", hour(1)))
	h.append("child-c", linked("s"))
	for i := 2; i <= 4; i++ {
		if _, err := h.Picture(t.Context(), "c", nil); err != nil {
			t.Fatal(err)
		}
		h.append("subject-s", said(fmt.Sprint("i", i), "s", hour(i)))
	}
	if p, err := h.Picture(t.Context(), "c", nil); err != nil || ids(p) != "i1 i2 i3 i4 " {
		t.Errorf("%q, %v", ids(p), err)
	}
}
