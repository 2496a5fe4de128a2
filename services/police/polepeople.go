package police

import (
	"strconv"
	"time"

	"kith/events"
	"kith/services/internal/native"
)

// people are the children of a submission and, of the grown-ups, those who matter
// to them; or whom the desk says they are. Ages are those that somebody guessed.
func (g graph) people(f *native.Form, d desk, reference string, on time.Time) (out []events.Person, ages []events.AgeRange) {
	if len(d.People) > 0 {
		sub := &native.Form{}
		out = about(sub, d.People)
		f.Within("/meta", sub.Err())
		return out, nil
	}
	people, children := map[string]polePerson{}, map[string]bool{}
	for _, e := range g.of("person") {
		p := attributes[polePerson](f, e)
		child, age := p.child(f, e.at+"/attributes", on)
		if people[e.ID], children[e.ID] = p, child; child && age != nil {
			ages = append(ages, *age)
		}
	}
	roles := g.roles(children)
	for _, e := range g.of("person") {
		p, role := people[e.ID], roles[e.ID]
		if role == "" || role != events.RoleChild && p.nameless() {
			continue
		}
		who := p.person(f, e, reference, role)
		if role == events.RoleChild {
			who.Address = g.home(f, e)
		}
		out = append(out, who)
	}
	distinct(f, out)
	return out, ages
}

// roles says of each person what they are to what was reported. Who only saw or
// reported it has none: that stays with the police.
func (g graph) roles(children map[string]bool) map[string]events.Role {
	roles := map[string]events.Role{}
	give := func(role events.Role, es []entity) {
		for _, e := range es {
			roles[e.ID] = role
		}
	}
	for _, e := range g.of("person") { // the last word counts, so the weightiest comes last
		if children[e.ID] {
			give(events.RoleCarer, g.linked(e, "person", carers...))
		}
	}
	for _, e := range g.of("person") {
		if children[e.ID] {
			give(events.RoleParent, g.linked(e, "person", parents...))
		}
	}
	give(events.RoleVictim, g.linked(g.root, "person", "victim"))
	give(events.RoleAllegedPerpetrator, g.linked(g.root, "person", suspects...))
	for id, child := range children {
		if child {
			roles[id] = events.RoleChild
		}
	}
	return roles
}

// home is where a child lives, if it says so.
func (g graph) home(f *native.Form, child entity) *events.Address {
	for _, l := range g.linked(child, "location", "currentAddress", "homeAddress", "permanentAddress") {
		return attributes[poleAddress](f, l).address(f, l.at+"/attributes")
	}
	return nil
}

// distinct wants a child among the people, and each of them once.
func distinct(f *native.Form, people []events.Person) {
	seen, child := map[string]bool{}, false
	for i, p := range people {
		child = child || p.Role == events.RoleChild
		if seen[p.LocalID] {
			f.Wrong("/included", "each person once: the "+strconv.Itoa(i+1)+". has the name and date of birth of another")
		}
		seen[p.LocalID] = true
	}
	if len(people) > 50 {
		f.Wrong("/included", "at most 50 people who matter to the child")
	}
	if !child {
		f.Wrong("/included", "a person who is a child by dateOfBirth, age, approximateAgeTo, ageRange or under18; or say in meta.people who the child is, as a skeleton must")
	}
}

func (p polePerson) nameless() bool { return p.Surname == "" && len(p.GivenName) == 0 }
