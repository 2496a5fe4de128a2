package retention

import (
	"testing"
	"time"

	"kith/events"
	"kith/services/retention/rules"
)

// Whose every part is over is proposed, and no one else; a hold or an erasure takes
// them off the list; and nothing is erased by itself.
func TestWhoseTimeIsOver(t *testing.T) {
	d := open(t)
	packs, err := rules.Load()
	d.must(err)
	d.Rules = packs
	put := func(child events.ChildID, id events.SubjectID, kind events.AgencyKind, born events.Date, at time.Time, f events.Fact) {
		i := events.Item{ID: events.ItemID(id), Agency: "a", Kind: kind, Source: "a", EventID: string(id) + string(f.Type()), Subject: id,
			Person: events.Person{Role: events.RoleChild, DateOfBirth: born}, Shared: events.Shared{OccurredAt: at, RecordedAt: at}, Fact: f}
		d.append("subject-"+string(id), i)
		d.append("child-"+string(child), events.SubjectLinked{Child: child, Subject: id, Agency: "a", Rule: events.RulePerson})
		d.linked[child] = append(d.linked[child], Linked{id, "a"})
	}
	then := func(y int) time.Time { return time.Date(y, 6, 1, 0, 0, 0, 0, time.UTC) }
	d.mu.Lock()
	d.at = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	d.mu.Unlock()
	put("over", "s1", events.KindEducation, "2000-01-01", then(2010), events.Suspension{Days: 1})
	put("school-over", "s2", events.KindEducation, "2000-01-01", then(2010), events.Suspension{Days: 1})
	put("school-over", "s3", events.KindSocialCare, "2000-01-01", then(2010), events.ProtectionPlan{Category: events.Neglect})
	put("looked-after", "s4", events.KindSocialCare, "2000-01-01", then(2005), events.InvolvementChanged{Service: "looked after"})
	put("young", "s5", events.KindEducation, "2020-01-01", then(2025), events.Suspension{Days: 1})
	put("unborn", "s6", events.KindEducation, "", then(1960), events.Suspension{Days: 1})
	put("long-ago", "s7", events.KindPolice, "", then(1980), events.MissingEpisode{})
	due := func() (out string) {
		t.Helper()
		d.mu.Lock()
		d.at = d.at.Add(25 * time.Hour)
		d.mu.Unlock()
		d.must(d.Tick(t.Context()))
		st, err := d.List(t.Context())
		d.must(err)
		for _, p := range st.Due {
			out += string(p.Child) + " " + p.Rule + " " + string(p.Since) + "; "
		}
		return out
	}
	if got := due(); got != "long-ago OTHER-35 2015-06-01; over SCHOOL-25 2025-01-01; " {
		t.Errorf("proposed: %s", got)
	}
	if w, err := d.keys.Withheld(t.Context()); err != nil || len(w) != 0 {
		t.Errorf("withheld by itself: %v, %v", w, err)
	}
	_, err = d.Place(t.Context(), d.cause(ig), ig.Role, HoldForm{Child: "over", Why: events.HoldInquiry, Reference: "L-1"})
	d.must(err)
	_, err = d.Ask(t.Context(), d.cause(ig), ig.Role, EraseForm{Child: "long-ago", Why: events.RetentionExpired, Reference: "IG-1"})
	d.must(err)
	if got := due(); got != "" {
		t.Errorf("decided on, and proposed still: %s", got)
	}
}
