package rules

import (
	"testing"
	"time"

	"kith/events"
)

const own = `{"id": "NS1", "edition": "Northshire 2027", "effectiveFrom": "2027-04-01", "rules": [
	{"id": "NS-CP", "class": "child-protection", "area": "northshire-council", "from": "birth", "years": 40, "source": "Northshire schedule 2027"},
	{"id": "NS-SCHOOL-POLICE", "class": "other", "kind": "police", "from": "last", "years": 7, "source": "Northshire schedule 2027"}]}`

const later = `{"id": "EN2028", "edition": "England 2028", "effectiveFrom": "2028-01-01", "rules": [
	{"id": "CP-30", "class": "child-protection", "from": "last", "years": 30, "source": "Regulations 2028"}]}`

func TestAt(t *testing.T) {
	p, err := Load([]byte(own), []byte(later))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		on    events.Date
		class Class
		kind  events.AgencyKind
		area  events.AgencyID
		want  string
	}{
		{"2026-11-28", ChildProtection, events.KindSocialCare, "northshire-council", "CP-35"},
		{"2027-03-31", ChildProtection, events.KindSocialCare, "northshire-council", "CP-35"},
		{"2027-04-01", ChildProtection, events.KindSocialCare, "northshire-council", "NS-CP"},
		{"2027-04-01", ChildProtection, events.KindSocialCare, "southshire-council", "CP-35"},
		{"2028-01-01", ChildProtection, events.KindSocialCare, "southshire-council", "CP-30"},
		{"2028-01-01", ChildProtection, events.KindSocialCare, "northshire-council", "NS-CP"},
		{"2027-04-01", Other, events.KindPolice, "southshire-council", "NS-SCHOOL-POLICE"},
		{"2027-04-01", Other, events.KindHealth, "northshire-council", "OTHER-35"},
		{"2027-04-01", LookedAfter, events.KindSocialCare, "northshire-council", "LAC-75"},
		{"2000-01-01", LookedAfter, events.KindSocialCare, "northshire-council", ""},
	} {
		if r, _ := p.At(c.on, c.class, c.kind, c.area); r.ID != c.want {
			t.Errorf("%+v: %s", c, r.ID)
		}
	}
}

func TestUntil(t *testing.T) {
	last := time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		r    Rule
		born events.Date
		want events.Date
	}{
		{Rule{From: FromBirth, Years: 75}, "2012-02-29", "2087-03-01"},
		{Rule{From: FromBirth, Years: 25}, "", ""},
		{Rule{From: FromLast, Years: 35}, "", "2061-02-03"},
	} {
		if got, ok := c.r.Until(c.born, last); got != c.want || ok != (c.want != "") {
			t.Errorf("%+v: %s, %v", c, got, ok)
		}
	}
}

// Every class has a rule, and each rule its source; what is broken is refused.
func TestLoad(t *testing.T) {
	p, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range classes() {
		if r, ok := p.At("2026-11-28", c, events.KindHealth, "x"); !ok || r.Source == "" {
			t.Errorf("%s has no rule", c)
		}
	}
	for _, bad := range []string{`{`, `{"id":"x"}`, `{"id":"x","edition":"y","effectiveFrom":"2026-13-01"}`, `{"id":"x","edition":"y","effectiveFrom":"2026-01-01","more":1}`,
		`{"id":"x","edition":"y","effectiveFrom":"2026-01-01","rules":[{"id":"r","class":"nothing","from":"last","years":1,"source":"s"}]}`,
		`{"id":"x","edition":"y","effectiveFrom":"2026-01-01","rules":[{"id":"r","class":"other","from":"last","years":0,"source":"s"}]}`,
		`{"id":"x","edition":"y","effectiveFrom":"2026-01-01","rules":[{"id":"r","class":"other","from":"last","years":1}]}`} {
		if _, err := Load([]byte(bad)); err == nil {
			t.Errorf("taken: %s", bad)
		}
	}
}

func TestClassOf(t *testing.T) {
	for _, c := range []struct {
		f    events.Fact
		kind events.AgencyKind
		want Class
	}{
		{events.InvolvementChanged{Service: "Looked after child"}, events.KindSocialCare, LookedAfter},
		{events.InvolvementChanged{Service: "child in need"}, events.KindSocialCare, ChildInNeed},
		{events.ProtectionPlan{Category: events.Sexual}, events.KindSocialCare, SexualAbuse},
		{events.ProtectionPlan{Category: events.Neglect}, events.KindSocialCare, ChildProtection},
		{events.Concern{}, events.KindEducation, School},
		{events.MissingEpisode{}, events.KindPolice, Other},
	} {
		if got := ClassOf(c.f, c.kind); got != c.want {
			t.Errorf("%T: %s", c.f, got)
		}
	}
}
