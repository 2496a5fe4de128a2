package disclosure

import (
	"context"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/events/store/sqlite"
	"kith/services/fault"
	"kith/services/internal/keys"
)

func TestConsentDecisions(t *testing.T) {
	given := events.ConsentGiven{Consent: "c1", Child: wren, Scope: events.EarlyHelp}
	other := events.ConsentGiven{Consent: "c2", Child: wren, Scope: events.EarlyHelp}
	withdrawn := events.ConsentWithdrawn{Consent: "c1", Child: wren}
	gives := func(e events.ConsentGiven) func(consents) ([]events.Consent, error) {
		return func(s consents) ([]events.Consent, error) { return give(s, e) }
	}
	withdraws := func(e events.ConsentWithdrawn) func(consents) ([]events.Consent, error) {
		return func(s consents) ([]events.Consent, error) { return withdraw(s, e) }
	}
	for name, tc := range map[string]struct {
		given []events.Consent
		when  func(consents) ([]events.Consent, error)
		then  []events.Consent
		err   error
	}{
		"the first consent":               {nil, gives(given), []events.Consent{given}, nil},
		"the same again":                  {[]events.Consent{given}, gives(given), nil, nil},
		"the same after it was withdrawn": {[]events.Consent{given, withdrawn}, gives(given), nil, nil},
		"another":                         {[]events.Consent{given}, gives(other), []events.Consent{other}, nil},
		"another after a withdrawal":      {[]events.Consent{given, withdrawn}, gives(other), []events.Consent{other}, nil},
		"a withdrawal":                    {[]events.Consent{other, given}, withdraws(withdrawn), []events.Consent{withdrawn}, nil},
		"withdrawn twice":                 {[]events.Consent{given, withdrawn}, withdraws(withdrawn), nil, nil},
		"nothing to withdraw":             {[]events.Consent{other}, withdraws(withdrawn), nil, fault.NotFound},
	} {
		var s consents
		for _, e := range tc.given {
			s = evolve(s, e)
		}
		if got, err := tc.when(s); !reflect.DeepEqual(got, tc.then) || err != tc.err {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

func TestConsentForms(t *testing.T) {
	g := (&world{}).gate(t) // without a store: what is wrong is refused before
	past := noon()
	good := ConsentForm{Child: wren, By: events.ByYoungPerson, Scope: events.EarlyHelp}
	for want, spoil := range map[string]func(*ConsentForm){
		"child":      func(f *ConsentForm) { f.Child = "" },
		"by":         func(f *ConsentForm) { f.By = "a neighbour" },
		"scope":      func(f *ConsentForm) { f.Scope = "" },
		"partners/1": func(f *ConsentForm) { f.Partners = []events.AgencyID{school, "nowhere"} },
		"partners/2": func(f *ConsentForm) { f.Partners = []events.AgencyID{school, police, school} },
		"until":      func(f *ConsentForm) { f.Until = &past },
	} {
		f := good
		spoil(&f)
		_, err := g.GiveConsent(t.Context(), cause("x"), f)
		wrongAt(t, err, want)
	}
	fine := WithdrawForm{Child: wren, Consent: "c1", By: events.ByYoungPerson}
	for want, spoil := range map[string]func(*WithdrawForm){
		"child":   func(f *WithdrawForm) { f.Child = "" },
		"consent": func(f *WithdrawForm) { f.Consent = "" },
		"by":      func(f *WithdrawForm) { f.By = "" },
		"reason":  func(f *WithdrawForm) { f.Reason = strings.Repeat("é", longestReason+1) },
	} {
		f := fine
		spoil(&f)
		wrongAt(t, g.WithdrawConsent(t.Context(), cause("x"), f), want)
	}
}

func wrongAt(t *testing.T, err error, pointer string) {
	t.Helper()
	f, ok := err.(*fault.Error)
	if !ok || f.Kind != fault.Invalid || len(f.At) != 1 || f.At[0].Pointer != pointer {
		t.Errorf("%s: %v %+v", pointer, err, f)
	}
}

func cause(because string) store.Cause {
	return store.Cause{By: "socialworker", For: council, Because: because}
}

// TestConsentComesAndGoes gives and withdraws a consent in a real store and
// looks at what rests on it.
func TestConsentComesAndGoes(t *testing.T) {
	s := realStore(t)
	w := here(family())
	g := w.gate(t)
	g.Store = s
	g.Sources.Picture = func(ctx context.Context, c events.ChildID, _ *time.Time) (events.Picture, error) {
		p := family()
		p.Consents = recorded(t, s)
		return p, nil
	}
	g.Now = time.Now
	sees := func() (bool, []events.Withheld) {
		d, err := g.Child(t.Context(), reader("socialworker"), wren, events.PurposeEarlyHelp, nil)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(text(t, d), "words-e2"), d.value.Withheld
	}
	if yes, _ := sees(); yes {
		t.Error("seen before consent was given")
	}
	form := ConsentForm{Child: wren, By: events.ByParentalResponsibility, Scope: events.EarlyHelp}
	id, err := g.GiveConsent(t.Context(), cause("r1"), form)
	if err != nil || id == "" {
		t.Fatal(err)
	}
	if again, err := g.GiveConsent(t.Context(), cause("r1"), form); again != id || err != nil {
		t.Errorf("the same request again: %s %v", again, err)
	}
	if yes, _ := sees(); !yes {
		t.Error("not seen although consent is in force")
	}
	out := WithdrawForm{Child: wren, Consent: id, By: events.ByParentalResponsibility}
	for _, because := range []string{"r2", "r2", "r3"} {
		if err := g.WithdrawConsent(t.Context(), cause(because), out); err != nil {
			t.Fatal(err)
		}
	}
	yes, withheld := sees()
	if yes || !strings.Contains(text(t, withheld), "It rests on consent, which was withdrawn.") {
		t.Errorf("after the withdrawal: seen %v, withheld %s", yes, text(t, withheld))
	}
	if n := len(recorded(t, s)); n != 1 {
		t.Errorf("%d consents", n)
	}
	if last, _ := s.Last(t.Context()); last != 2 {
		t.Errorf("%d events, want one given and one withdrawn", last)
	}
	out.Consent = "none"
	if err := g.WithdrawConsent(t.Context(), cause("r4"), out); err != fault.NotFound {
		t.Error(err)
	}
}

func realStore(t *testing.T) *store.Store {
	t.Helper()
	dir := t.TempDir()
	l, err := sqlite.Open(t.Context(), filepath.Join(dir, "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	k, err := keys.Open(t.Context(), filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = l.Close(), k.Close() })
	return store.New(l, k)
}

// recorded reads a child's consents as childview does.
func recorded(t *testing.T, s *store.Store) (cs []events.ConsentRecord) {
	t.Helper()
	for e, err := range s.Read(t.Context(), consentStream(wren), 0) {
		if err != nil {
			t.Fatal(err)
		}
		switch v := e.Event.(type) {
		case events.ConsentGiven:
			cs = append(cs, events.ConsentRecord{ConsentGiven: v, GivenAt: e.At})
		case events.ConsentWithdrawn:
			cs[0].WithdrawnAt = &e.At
		}
	}
	return cs
}
