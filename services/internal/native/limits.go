package native

import (
	"net/mail"
	"strconv"
	"strings"
	"unicode/utf8"

	"kith/events"
)

// How long a text may be is in schemas/common.v1.json. Whoever sends a longer one
// hears of it here, by its place in the record, and not from the hub later, by its
// place in an event that they never saw.

// Short returns a text of at most 200 characters, without spaces around it.
func (f *Form) Short(pointer, v string) string { return f.AtMost(pointer, v, 200) }

// Long returns a text of at most 20,000 characters, without spaces around it.
func (f *Form) Long(pointer, v string) string { return f.AtMost(pointer, v, 20000) }

// Line returns what must not be empty, of at most 200 characters.
func (f *Form) Line(pointer, v string) string { return f.Short(pointer, f.Text(pointer, v)) }

// Prose returns what must not be empty, of at most 20,000 characters.
func (f *Form) Prose(pointer, v string) string { return f.Long(pointer, f.Text(pointer, v)) }

// AtMost returns a text of at most so many characters, without spaces around it.
func (f *Form) AtMost(pointer, v string, most int) string {
	if v = strings.TrimSpace(v); utf8.RuneCountInString(v) > most {
		f.Wrong(pointer, "at most "+strconv.Itoa(most)+" characters")
	}
	return v
}

// Contact returns whom to call, of whom there is at least a team.
func (f *Form) Contact(pointer string, c events.Contact) events.Contact {
	out := events.Contact{
		Team: f.Line(pointer+"/team", c.Team), Role: f.Short(pointer+"/role", c.Role),
		Name: f.Short(pointer+"/name", c.Name), Phone: f.Short(pointer+"/phone", c.Phone),
	}
	out.Email = f.Email(pointer+"/email", c.Email)
	return out
}

// Email returns an address, or nothing.
func (f *Form) Email(pointer, v string) string {
	v = strings.TrimSpace(v)
	if a, err := mail.ParseAddress(v); v != "" && (err != nil || a.Address != v || len(v) > 200 || strings.ContainsAny(v, "\"()")) {
		f.Wrong(pointer, "an e-mail address such as duty@northshire.example, or nothing")
	}
	return v
}

// Voice returns what a child said, or nothing if there is none.
func (f *Form) Voice(pointer string, v *events.Voice) *events.Voice {
	if v == nil {
		return nil
	}
	return &events.Voice{
		Words:   f.Prose(pointer+"/words", v.Words),
		HeardBy: f.Short(pointer+"/heardBy", v.HeardBy),
	}
}
