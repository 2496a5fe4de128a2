package disclosure

import (
	"strings"
	"testing"

	"kith/events"
)

// What a developer is told of who sees an event is what the policies decide.
func TestAudience(t *testing.T) {
	g := (&world{}).gate(t)
	seen := map[string]map[events.Label]Seen{}
	for _, o := range g.Audience(events.KindPolice, events.Basis{Article6: events.PublicTask}) {
		seen[o.Who] = o.Sees
	}
	for _, tc := range []struct {
		who    string
		label  events.Label
		sight  Sight
		policy string
	}{
		{"Your own agency", events.Restricted, SeesContent, "own-item"},
		{"The chair of strategy discussions", events.Sensitive, SeesContent, "sensitive-for-chair"},
		{"The chair of strategy discussions", events.Restricted, SeesNothing, "invariant-guarded"},
		{"A social worker of the authority, in an enquiry", events.Core, SeesContent, "core-for-authority"},
		{"A social worker of the authority, in an enquiry", events.Sensitive, SeesInvolvement, "know-partner"},
		{"A practitioner who takes part in an open strategy discussion", events.Sensitive, SeesContent, "discussion-content"},
		{"A practitioner of another agency that knows the child", events.Core, SeesInvolvement, "know-partner"},
		{"The safeguarding lead of the child’s school", events.Core, SeesNothing, "lead-sees-no-police-or-health"},
		{"Somebody whose agency does not know the child", events.Core, SeesNothing, "no-relationship"},
		{"Information governance", events.Involvement, SeesNothing, "role-reads-no-child"},
	} {
		if got := seen[tc.who][tc.label]; got.Sight != tc.sight || got.Policy != tc.policy {
			t.Errorf("%s, %s: %+v, want %s by %s", tc.who, tc.label, got, tc.sight, tc.policy)
		}
	}
	// without a lawful basis that counts nobody else sees the content
	for _, o := range g.Audience(events.KindHealth, events.Basis{}) {
		if s := o.Sees[events.Core]; s.Sight == SeesContent && o.Who != "Your own agency" {
			t.Errorf("without a basis %s sees it, by %s", o.Who, s.Policy)
		}
	}
}

// What counts is the kind of agency that the register says, not what a reader's
// account says of it.
func TestKindIsTheRegisters(t *testing.T) {
	p := pictured(item("c1", council, events.InvolvementChanged{}, onConsent), item("p1", police, events.MissingEpisode{}))
	p.Consents = []events.ConsentRecord{{ConsentGiven: events.ConsentGiven{Scope: events.EarlyHelp}, GivenAt: noon().AddDate(0, 0, -9)}}
	r := reader("police")
	r.Kind = events.KindHealth // to whom c1 would be shown
	d, err := here(p).gate(t).Child(t.Context(), r, wren, events.PurposeEarlyHelp, nil)
	if err != nil {
		t.Fatal(err)
	}
	if said := text(t, d); strings.Contains(said, "given-c1") || !strings.Contains(said, "given-p1") {
		t.Errorf("the police read %s", said)
	}
}
