package main

import (
	"fmt"
	"strings"
	"time"

	"kith/events"
	"kith/services/identity/match"
	"kith/services/ledger/unusual"
)

// staffFile is what is known of those who read: of their lives outside of work by
// marks alone, keyed hashes that this hub made. Nobody can read a name, postcode
// or number out of it; whoever has the file and the hub's keys can test a guess.
type staffFile struct {
	Staff      map[events.ActorID]unusual.Staff `json:"staff"`
	Districts  map[string]string                `json:"districts"`  // postcode district to the area it is of
	News       []newsNoted                      `json:"news"`       // what governance noted
	Complaints []complaintNoted                 `json:"complaints"` // the same
}

// newsNoted: something about a child's family became public.
type newsNoted struct {
	Child events.ChildID `json:"child"`
	At    time.Time      `json:"at"`
}

// complaintNoted: somebody was told of a complaint by a child's family about them.
type complaintNoted struct {
	Child events.ChildID `json:"child"`
	unusual.Complaint
}

func loadStaff(path string) (f staffFile, err error) {
	if path == "" {
		return f, nil
	}
	if err := load(path, &f); err != nil {
		return f, fmt.Errorf("read the marks of staff: %w", err)
	}
	return f, nil
}

// marker makes marks. They are of a domain of their own, so that nobody can join
// them to the hub's index of children.
type marker func(domain, value string) string

func (m marker) of(kind, value string) unusual.Mark {
	if value == "" {
		return ""
	}
	return unusual.Mark(m("staff "+kind, value))
}

func (m marker) family(name string) unusual.Mark { return m.of("family", match.Normal(name)) }
func (m marker) home(postcode string) unusual.Mark {
	return m.of("home", strings.ToUpper(strings.ReplaceAll(postcode, " ", "")))
}

// self are the marks of a person by number, and by name and date of birth.
func (m marker) self(p events.Person) (ms []unusual.Mark) {
	for _, k := range match.Keys(p, func(domain, value string) string { return m("staff "+domain, value) }) {
		switch k.Kind {
		case match.NHS, match.UPN, match.NameBirthDate:
			ms = append(ms, unusual.Mark(k.Value))
		default: // the same again with more
		}
	}
	return ms
}

// district is the first part of a postcode.
func district(postcode string) string {
	p := strings.ToUpper(strings.ReplaceAll(postcode, " ", ""))
	if len(p) < 5 {
		return ""
	}
	return p[:len(p)-3]
}
