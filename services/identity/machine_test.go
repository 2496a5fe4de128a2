package identity

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"kith/events"
	"kith/services/fault"
)

// Whatever is seen and whatever people decide, in any order: every subject is
// part of one child, and who a person parted stays parted until a person says
// otherwise.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{hub: open(t), parted: map[[2]events.SubjectID]bool{}}
		for range rapid.IntRange(1, 15).Draw(t, "steps") {
			m.step(t)
			m.check(t)
		}
	})
}

type machine struct {
	*hub
	where  map[events.SubjectID]events.ChildID
	parted map[[2]events.SubjectID]bool
}

var subjects = []events.SubjectID{"s0", "s1", "s2", "s3", "s4"}

func (m *machine) step(t *rapid.T) {
	s := rapid.SampledFrom(subjects).Draw(t, "subject")
	if m.where[s] == "" {
		m.item(t, s)
		return
	}
	c := m.where[rapid.SampledFrom(m.known()).Draw(t, "child of")]
	switch rapid.SampledFrom([]string{"item", "item", "link", "unlink", "decline"}).Draw(t, "verb") {
	case "item":
		m.item(t, s)
	case "link":
		here := m.with(c, s)
		if m.ok(t, m.Link(t.Context(), m.person(), c, s, "why")) {
			m.note(s, here, false)
		}
	case "unlink":
		here := m.with(m.where[s], s)
		if m.ok(t, m.Unlink(t.Context(), m.person(), m.where[s], s, "why")) {
			m.note(s, here, true)
		}
	case "decline":
		qs := m.candidates()
		if len(qs) == 0 {
			return
		}
		q := rapid.SampledFrom(qs).Draw(t, "candidate")
		here := m.with(q.Child, q.Subject)
		if m.ok(t, m.Decline(t.Context(), m.person(), q.Child, q.Subject, "why")) {
			m.note(q.Subject, here, true)
		}
	}
}

func (m *machine) item(t *rapid.T, s events.SubjectID) {
	var ds []detail
	if n := rapid.IntRange(-1, 2).Draw(t, "nhs"); n >= 0 {
		ds = append(ds, nhs(n))
	}
	if n := rapid.IntRange(-1, 2).Draw(t, "upn"); n >= 0 {
		ds = append(ds, upn(n))
	}
	if n := rapid.IntRange(-1, 1).Draw(t, "name"); n >= 0 {
		ds = append(ds, called([]string{"Zoe", "Ali"}[n]))
	}
	if rapid.Bool().Draw(t, "no day") {
		ds = append(ds, bornOn(""))
	}
	n, _ := strconv.Atoi(string(s[1:]))
	m.sees(s, events.AgencyID([]string{"police", "school"}[n%2]), ds...)
}

func (m *machine) ok(t *rapid.T, err error) bool {
	switch kindOf(err) {
	case "":
		return true
	case fault.Conflict, fault.Hidden:
	default:
		t.Errorf("%v", err)
	}
	return false
}

func (m *machine) note(s events.SubjectID, others []events.SubjectID, apart bool) {
	for _, o := range others {
		m.parted[[2]events.SubjectID{min(s, o), max(s, o)}] = apart
	}
}

// with are the others that are part of a child.
func (m *machine) with(c events.ChildID, s events.SubjectID) (others []events.SubjectID) {
	for o, d := range m.where {
		if d == c && o != s {
			others = append(others, o)
		}
	}
	return others
}

func (m *machine) known() (ss []events.SubjectID) {
	for _, s := range subjects {
		if m.where[s] != "" {
			ss = append(ss, s)
		}
	}
	return ss
}

func (m *machine) check(t *rapid.T) {
	m.settle()
	before := m.where
	m.where = atMostOne(t, m.hub)
	for s := range before {
		if m.where[s] == "" {
			t.Errorf("%s is part of no child any more", s)
		}
	}
	for pair, apart := range m.parted {
		if apart && m.where[pair[0]] == m.where[pair[1]] {
			t.Errorf("%s and %s are together again", pair[0], pair[1])
		}
	}
}
