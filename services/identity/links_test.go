package identity

import (
	"errors"
	"slices"
	"testing"

	"kith/events"
	"kith/services/fault"
)

var (
	first = events.SubjectLinked{Child: "c", Subject: "s", Agency: "a", Rule: events.RuleFirstSeen}
	also  = events.SubjectLinked{Child: "c", Subject: "t", Agency: "b", Rule: events.RuleNHSNumber}
	gone  = events.SubjectUnlinked{Child: "c", Subject: "t", Reason: "two children"}
	maybe = events.LinkProposed{Child: "c", Subject: "u", Rule: events.RuleNameBirthDate}
	never = events.LinkDeclined{Child: "c", Subject: "u", Reason: "cousins"}
)

func TestDecide(t *testing.T) {
	type es = []events.Identity
	for _, c := range []struct {
		name  string
		given es
		when  func(links) ([]events.Identity, error)
		then  es
		kind  fault.Kind
	}{
		{"link a first", nil, func(l links) ([]events.Identity, error) { return link(l, first) }, es{first}, ""},
		{"link it again", es{first}, func(l links) ([]events.Identity, error) { return link(l, first) }, nil, ""},
		{"link what was parted", es{first, also, gone}, func(l links) ([]events.Identity, error) { return link(l, also) }, es{also}, ""},
		{"unlink", es{first, also}, func(l links) ([]events.Identity, error) { return unlink(l, gone) }, es{gone}, ""},
		{"unlink it again", es{first, also, gone}, func(l links) ([]events.Identity, error) { return unlink(l, gone) }, nil, ""},
		{"propose", es{first}, func(l links) ([]events.Identity, error) { return propose(l, maybe) }, es{maybe}, ""},
		{"propose it again", es{first, maybe}, func(l links) ([]events.Identity, error) { return propose(l, maybe) }, nil, ""},
		{"propose what was declined", es{first, maybe, never}, func(l links) ([]events.Identity, error) { return propose(l, maybe) }, nil, ""},
		{"propose what was parted", es{first, also, gone}, func(l links) ([]events.Identity, error) {
			return propose(l, events.LinkProposed{Child: "c", Subject: "t", Rule: events.RuleUPN})
		}, nil, ""},
		{"part", es{first, also}, func(l links) ([]events.Identity, error) { return part(l, gone) }, es{gone}, ""},
		{"part twice", es{first, also, gone}, func(l links) ([]events.Identity, error) { return part(l, gone) }, nil, ""},
		{"part a stranger", es{first}, func(l links) ([]events.Identity, error) { return part(l, gone) }, nil, fault.Hidden},
		{"part from nobody", es{also}, func(l links) ([]events.Identity, error) { return part(l, gone) }, nil, fault.Conflict},
		{"decline", es{first, maybe}, func(l links) ([]events.Identity, error) { return decline(l, never) }, es{never}, ""},
		{"decline twice", es{first, maybe, never}, func(l links) ([]events.Identity, error) { return decline(l, never) }, nil, ""},
		{"decline what nobody proposed", es{first}, func(l links) ([]events.Identity, error) { return decline(l, never) }, nil, fault.Hidden},
		{"decline what is linked", es{first, maybe, events.SubjectLinked{Child: "c", Subject: "u"}}, func(l links) ([]events.Identity, error) { return decline(l, never) }, nil, fault.Conflict},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l links
			for _, e := range c.given {
				l = evolve(l, e)
			}
			got, err := c.when(l)
			if kindOf(err) != c.kind || !slices.Equal(got, c.then) {
				t.Errorf("%d events, %v; want %d, %q", len(got), err, len(c.then), c.kind)
			}
		})
	}
}

func kindOf(err error) fault.Kind {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Kind
	}
	if err != nil {
		return fault.Internal
	}
	return ""
}
