package events_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"kith/events"
)

var kinds = []events.AgencyKind{events.KindPolice, events.KindHealth, events.KindEducation, events.KindSocialCare}

const today events.Date = "2026-11-23"

// opens reports whether a footing of an article is open.
func opens(s events.Sharing, article int, condition string) bool {
	return slices.ContainsFunc(s.Footings(article), func(f events.Footing) bool { return f.Condition == condition })
}

// What the law says of each condition of Article 6, in a second hand: every kind,
// every body, with and without the duty.
func TestFootingsOfArticle6(t *testing.T) {
	tried := 0
	for _, kind := range kinds {
		for _, body := range []events.Body{"", events.PublicBody, events.IndependentBody} {
			for _, duty := range []bool{false, true} {
				s := events.Sharing{Kind: kind, Body: body, Type: anyType(kind), On: today, Duty: duty}
				independent := body == events.IndependentBody
				for condition, want := range map[events.Article6]bool{
					events.ByConsent:                    true,
					events.VitalInterests:               true,
					events.PublicTask:                   true,
					events.LegalObligation:              duty || kind == events.KindSocialCare,
					events.RecognisedLegitimateInterest: independent,
					events.LegitimateInterests:          independent,
					"because":                           false,
				} {
					tried++
					wrong := s.Unlawful(events.Basis{Article6: condition})
					if (len(wrong) == 0) != want || opens(s, 6, string(condition)) != want {
						t.Errorf("%+v %s: %+v", s, condition, wrong)
					}
					if !want && (len(wrong) != 1 || wrong[0].Pointer != "/article6" || !strings.Contains(strings.ToLower(wrong[0].Detail), "assert")) {
						t.Errorf("%+v %s: does not say what to do: %+v", s, condition, wrong)
					}
				}
			}
		}
	}
	t.Logf("%d bases of Article 6 tried", tried)
}

// anyType is a type of a kind on which no duty of its own lies.
func anyType(k events.AgencyKind) events.Type {
	return map[events.AgencyKind]events.Type{events.KindPolice: events.MissingEpisode{}.Type(), events.KindHealth: events.WasNotBrought{}.Type(),
		events.KindEducation: events.Concern{}.Type(), events.KindSocialCare: events.ContactReceived{}.Type()}[k]
}

// A duty to tell of one thing is none to tell of another, nor before its first day.
func TestDutiesOfTheirOwn(t *testing.T) {
	for _, tc := range []struct {
		typ  events.Type
		on   events.Date
		open bool
	}{
		{events.DomesticAbuseIncident{}.Type(), "2025-11-07", true},
		{events.DomesticAbuseIncident{}.Type(), "2025-11-06", false},
		{events.MissingEpisode{}.Type(), today, false},
		{events.OffRoll{}.Type(), today, true},
		{events.AttendanceFall{}.Type(), today, true},
		{events.Suspension{}.Type(), today, true},
		{events.PermanentExclusion{}.Type(), today, true},
		{events.FileTransfer{}.Type(), today, false},
		{events.EmergencyAttendance{}.Type(), today, false},
	} {
		s := events.Sharing{Kind: events.AgencyKind(tc.typ.Family()), Type: tc.typ, On: tc.on}
		if _, ok := s.Standing(events.Basis{Article6: events.LegalObligation}); ok != tc.open {
			t.Errorf("%s on %s: %v", tc.typ, tc.on, ok)
		}
	}
	s := events.Sharing{Kind: events.KindEducation, Body: events.IndependentBody, On: "2026-02-04"}
	if opens(s, 6, string(events.RecognisedLegitimateInterest)) {
		t.Error("a recognised legitimate interest before the Act was in force")
	}
}

func TestFootingsOfArticle9(t *testing.T) {
	for _, kind := range kinds {
		caring := kind == events.KindHealth || kind == events.KindSocialCare
		s := events.Sharing{Kind: kind, Type: anyType(kind), On: today}
		for _, tc := range []struct {
			b    events.Basis
			open bool
		}{
			{events.Basis{Article6: events.PublicTask, Article9: events.SubstantialPublicInterest}, true},
			{events.Basis{Article6: events.PublicTask, Article9: events.HealthOrSocialCare}, caring},
			{events.Basis{Article6: events.PublicTask, Article9: events.VitalInterests9}, false},
			{events.Basis{Article6: events.VitalInterests, Article9: events.VitalInterests9}, true},
			{events.Basis{Article6: events.ByConsent, Article9: events.ExplicitConsent}, true},
			{events.Basis{Article6: events.PublicTask, Article9: events.ExplicitConsent}, false},
		} {
			if wrong := s.Unlawful(tc.b); (len(wrong) == 0) != tc.open {
				t.Errorf("%s %+v: %+v", kind, tc.b, wrong)
			}
		}
		if len(s.Footings(10)) != 1 {
			t.Errorf("%s: %d lines about offences", kind, len(s.Footings(10)))
		}
	}
}

// What agencies were shown as an example stays open to them.
func TestExamplesStandOnTheTable(t *testing.T) {
	for typ := range events.FactTypes() {
		if strings.HasSuffix(string(typ), ".withdrawal.v1") {
			continue // never refused
		}
		var r struct{ Basis events.Basis }
		if err := json.Unmarshal(golden(t, typ), &r); err != nil {
			t.Fatal(err)
		}
		s := events.Sharing{Kind: events.AgencyKind(typ.Family()), Type: typ, On: today}
		if wrong := s.Unlawful(r.Basis); len(wrong) > 0 {
			t.Errorf("%s: %+v", typ, wrong)
		}
	}
}

// Consent is not the default: of every kind it is the last that is offered.
func TestConsentIsOfferedLast(t *testing.T) {
	for _, kind := range kinds {
		for _, article := range []int{6, 9} {
			all := events.Sharing{Kind: kind, On: today, Duty: true}.Footings(article)
			if first, last := all[0].Condition, all[len(all)-1].Condition; strings.Contains(first, "consent") || !strings.Contains(last, "consent") {
				t.Errorf("%s, Article %d: %s first and %s last", kind, article, first, last)
			}
		}
	}
}

// TestLawfulBasisPage keeps docs/lawful-basis.md the table that decides.
// KITH_UPDATE=1 writes it.
func TestLawfulBasisPage(t *testing.T) {
	const file = "../docs/lawful-basis.md"
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := strings.Cut(string(before), "\n| may assert |")
	if !found {
		t.Fatal("the page has no table")
	}
	page := head + "\n" + table()
	if os.Getenv("KITH_UPDATE") == "1" {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if page != string(before) {
		t.Error("docs/lawful-basis.md is not the table any more: KITH_UPDATE=1 go test ./events -run LawfulBasisPage")
	}
}

func table() string {
	var b strings.Builder
	b.WriteString("| may assert | who | when it is the right one | what has to be true | law |\n| --- | --- | --- | --- | --- |\n")
	for _, f := range events.AllFootings() {
		fmt.Fprintf(&b, "| Article %d%s | %s | %s | %s | %s |\n", f.Article, code(f.Condition), who(f), f.Plain, f.Demands, f.Law)
	}
	return b.String()
}

func code(condition string) string {
	if condition == "" {
		return ""
	}
	return ", `" + condition + "`"
}

func who(f events.Footing) string {
	parts := []string{"every kind"}
	if len(f.Kinds) > 0 {
		parts = []string{}
		for _, k := range f.Kinds {
			parts = append(parts, string(k))
		}
	}
	say := strings.Join(parts, ", ")
	switch f.Body {
	case events.PublicBody:
		say += "; public authorities"
	case events.IndependentBody:
		say += "; not public authorities"
	}
	for _, typ := range f.Types {
		say += "; `" + string(typ) + "`"
	}
	if f.Duty {
		say += "; once the duty has commenced in the area"
	}
	if f.Since != "" {
		say += "; from " + string(f.Since)
	}
	if f.With != "" {
		say += "; beside `" + string(f.With) + "` in Article 6"
	}
	return say
}
