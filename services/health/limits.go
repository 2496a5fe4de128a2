package health

import (
	"net/mail"
	"strings"
	"unicode/utf8"

	"kith/events"
	"kith/services/internal/native"
)

// How long a text may be is in schemas/common.v1.json. Whoever sends one that is
// longer hears of it here, by its place in the record, and not from the hub
// later, by its place in an event that they never saw.

func short(f *native.Form, at, s string) string { return atMost(f, at, s, "200", 200) }

func long(f *native.Form, at, s string) string { return atMost(f, at, s, "20,000", 20000) }

func atMost(f *native.Form, at, s, words string, most int) string {
	if s = strings.TrimSpace(s); utf8.RuneCountInString(s) > most {
		f.Wrong(at, "at most "+words+" characters")
	}
	return s
}

func shortName(f *native.Form, at string, n events.Name) events.Name {
	return events.Name{Given: short(f, at, n.Given), Family: short(f, at, n.Family)}
}

func shortContact(f *native.Form, at string, c events.Contact) events.Contact {
	c.Team, c.Role, c.Name = short(f, at, c.Team), short(f, at, c.Role), short(f, at, c.Name)
	c.Phone, c.Email = short(f, at, c.Phone), strings.TrimSpace(c.Email)
	if a, err := mail.ParseAddress(c.Email); c.Email != "" && (err != nil || a.Address != c.Email || len(c.Email) > 200) {
		f.Wrong(at, "an e-mail address such as duty@northshire-hospital.example, or none")
	}
	return c
}

func shortAddress(f *native.Form, at string, a *events.Address) *events.Address {
	if a == nil {
		return nil
	}
	var lines []string
	for _, l := range a.Lines {
		if l = short(f, at, l); l != "" {
			lines = append(lines, l)
		}
	}
	a.Lines, a.Postcode = lines, atMost(f, at, a.Postcode, "10", 10)
	switch {
	case len(lines) == 0:
		return nil
	case len(lines) > 10:
		f.Wrong(at, "at most 10 lines")
	}
	return a
}
