package disclosure

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/events"
)

// The grounds of an item that rests on a duty name the provision that obliged its
// agency, as the law was when the hub took it: neither commencement nor
// revocation afterwards changes what a past item rests on.
func TestGroundsNameTheDuty(t *testing.T) {
	duty := func(i *events.Item) { i.Basis.Article6 = events.LegalObligation }
	commenced, revoked := noonAt(-20), noonAt(-5)
	law := events.LegalRegime{{Regime: events.DutyCommenced{From: commenced}, At: noonAt(-25)}, {Regime: events.DutyRevoked{}, At: revoked}}
	p := pictured(
		item("before", hospital, events.WasNotBrought{}, day(-22), duty),
		item("under", hospital, events.WasNotBrought{}, day(-10), duty),
		item("after", hospital, events.WasNotBrought{}, day(-2), duty),
		item("task", hospital, events.WasNotBrought{}, day(-9)),
		item("roll", school, events.OffRoll{}, day(-22), duty),
		item("enquiry", council, events.ContactReceived{}, day(-8), duty),
	)
	w := here(p)
	g := w.gate(t)
	g.Regime = func(context.Context) (events.LegalRegime, error) { return law, nil }
	d, err := g.Child(t.Context(), reader("chair"), wren, events.PurposeSection47, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[events.ItemID]string{"under": "section 16LA", "roll": "Pupil Registration", "enquiry": "Children Act 1989 sections 17 and 47"}
	if len(d.value.Items) != len(p.Items) {
		t.Fatalf("%d of %d items are shown", len(d.value.Items), len(p.Items))
	}
	for _, i := range d.value.Items {
		at := slices.IndexFunc(i.Grounds, func(x events.Grounds) bool { return x.Policy == dutyGround })
		switch {
		case want[i.ID] == "" && at >= 0:
			t.Errorf("%s: names a duty: %+v", i.ID, i.Grounds)
		case want[i.ID] != "" && (at < 0 || !strings.Contains(i.Grounds[at].Basis, want[i.ID])):
			t.Errorf("%s: does not name %s: %+v", i.ID, want[i.ID], i.Grounds)
		case len(i.Grounds) == 0:
			t.Errorf("%s: no grounds", i.ID)
		}
	}
}

// If the law cannot be read nothing is shown on it.
func TestNoGroundsWithoutTheLaw(t *testing.T) {
	w := here(pictured(item("s", council, events.ContactReceived{}), item("x", hospital, events.WasNotBrought{}, func(i *events.Item) { i.Basis.Article6 = events.LegalObligation })))
	g := w.gate(t)
	g.Regime = func(context.Context) (events.LegalRegime, error) { return nil, errors.New("disk") }
	if _, err := g.Child(t.Context(), reader("chair"), wren, events.PurposeSection47, nil); err == nil || len(w.ledger) > 0 {
		t.Errorf("%v, %d reads", err, len(w.ledger))
	}
}

// noonAt is noon, days from today.
func noonAt(days int) time.Time { return noon().AddDate(0, 0, days) }
