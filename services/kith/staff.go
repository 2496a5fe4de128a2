package main

import (
	"kith/events"
	"kith/services/identity/match"
	"kith/services/strategy/rules"
	"time"
)

// person names who signs in, the same for all accounts that the configuration says
// are one person's.
func (h *hub) person(r events.Reader) string {
	if p := h.persons[events.Account{Actor: r.Actor, Agency: r.Agency}]; p != "" {
		return "person\x00" + p
	}
	return string(r.Agency) + "\x00" + string(r.Actor)
}

// stands reports whether an account may still do what it signed. Of those that an
// identity provider vouches for it is only known whether they were put out.
func (h *hub) stands(was events.Signatory) bool {
	if h.barred.has(was.Actor) || h.register.revoked(was.Agency) {
		return false
	}
	for _, u := range h.users {
		if u.Reader.Actor == was.Actor && u.Reader.Agency == was.Agency {
			return u.Reader.Role == was.Role
		}
	}
	return len(h.signIn.Issuers) > 0
}

// twoWorkingDays is by when governance looks at what was opened in an emergency.
func twoWorkingDays(packs rules.Packs) func(time.Time) events.Date {
	return func(t time.Time) events.Date {
		d, err := packs.AddWorkingDays(packs.Day(t), 2)
		if err != nil { // beyond the calendar
			return events.Date(t.AddDate(0, 0, 2).Format(time.DateOnly))
		}
		return d
	}
}

// marks are keyed hashes of what agencies recognise a person by.
func (h *hub) marks(p events.Person) []string {
	ks := match.Keys(p, h.record.store.Pseudonym)
	ms := make([]string, 0, len(ks))
	for _, k := range ks {
		ms = append(ms, string(k.Kind)+":"+k.Value)
	}
	return ms
}
