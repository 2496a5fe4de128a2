package intake

import (
	"fmt"
	"slices"
	"testing"

	"kith/events"
	"kith/events/store"
)

func TestDecide(t *testing.T) {
	report := events.Report{
		About: []events.Person{{LocalID: "1", Role: events.RoleChild}, {LocalID: "2", Role: events.RoleParent}},
		Fact:  events.PublicProtectionNotice{},
	}
	one := message{agency: agencies[0], source: agencies[0].Source, id: "A", digest: "d1", report: report}
	rewritten := one
	rewritten.digest = "d2"
	pseudonym := func(domain, value string) string { return domain + value }
	items := itemise(one, "because", pseudonym)
	others := itemise(one, "because of other content", pseudonym)
	accepted, _ := decide(state{}, one, items)
	refused := events.EventRefused{Agency: police, Digest: "d2"}

	for _, tc := range []struct {
		name   string
		given  []events.Intake
		when   message
		items  []events.Item
		events int
		code   string
	}{
		{"the first is accepted", nil, one, items, 1, ""},
		{"the same again adds nothing", []events.Intake{accepted[0]}, one, items, 0, ""},
		{"nor does the same in other bytes", []events.Intake{accepted[0]}, rewritten, items, 0, ""},
		{"another of the same name is refused", []events.Intake{accepted[0]}, rewritten, others, 0, ReusedID},
		{"even one about fewer people", []events.Intake{accepted[0]}, rewritten, items[:1], 0, ReusedID},
		{"a refusal takes no name", []events.Intake{refused}, one, items, 1, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var s state
			for i, e := range tc.given {
				s = evolve(s, e, store.Appended{Revision: store.Revision(i + 1)})
			}
			got, problems := decide(s, tc.when, tc.items)
			if len(got) != tc.events || (len(problems) > 0) != (tc.code != "") || tc.code != "" && problems[0].Code != tc.code {
				t.Errorf("decided %+v, %+v", got, problems)
			}
		})
	}

	if a := accepted[0]; a.Agency != police || a.EventID != "A" || a.Digest != "d1" || a.EventType != report.Type() || len(a.Items) != 2 {
		t.Errorf("accepted as %+v", a)
	}
}

func TestItemise(t *testing.T) {
	voice := &events.Voice{Words: "I want to go home."}
	msg := message{agency: agencies[0], report: events.Report{
		Shared: events.Shared{Voice: voice},
		About: []events.Person{{LocalID: "1", Role: events.RoleChild}, {LocalID: "2", Role: events.RoleParent},
			{LocalID: "3", Role: events.RoleChild}},
		Fact: events.PublicProtectionNotice{},
	}}
	pseudonym := func(domain, value string) string { return fmt.Sprintf("%s:%q", domain, value) }
	items := itemise(msg, "x", pseudonym)
	again := itemise(msg, "x", pseudonym)
	later := itemise(msg, "y", pseudonym)
	for i, item := range items {
		if item.ID != again[i].ID || item.ID == later[i].ID {
			t.Errorf("id %s, the same again %s, of another message %s", item.ID, again[i].ID, later[i].ID)
		}
		if want := events.SubjectID(fmt.Sprintf("subject:%q", "northshire-police\x00"+item.Person.LocalID)); item.Subject != want {
			t.Errorf("subject %s, want %s", item.Subject, want)
		}
	}
	if items[0].Voice != voice || items[1].Voice != nil || items[2].Voice != voice {
		t.Error("the child's words must be with the children and nobody else")
	}
	want := []events.Companion{{Subject: items[0].Subject, Role: events.RoleChild}, {Subject: items[2].Subject, Role: events.RoleChild}}
	if !slices.Equal(items[1].With, want) {
		t.Errorf("with %v, want %v", items[1].With, want)
	}
}
