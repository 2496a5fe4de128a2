package education

import (
	"strings"
	"time"

	"kith/events"
	"kith/services/internal/native"
)

// days are the ways in which English schools write a day, and clocks those of a
// time. Two digits of a year are not taken: nobody can tell what they mean.
var (
	days   = []string{"2/1/2006", "2006-01-02", "2 Jan 2006", "2 January 2006", "2-Jan-2006", "2.1.2006"}
	clocks = []string{"15:04", "15:04:05", "3:04pm", "3:04 pm", "3:04PM", "3:04 PM"}
)

const writtenDay = "a day such as 14/09/2026, day first and with four digits of the year,"

// day returns a day of a column, year first.
func (l line) day(c column) events.Date {
	d := readDay(l.cell(c))
	if d == "" {
		l.wrong(c, writtenDay)
	}
	return d
}

// readDay returns a day, year first, or nothing if it is none.
func readDay(text string) events.Date {
	for _, layout := range days {
		if t, err := time.Parse(layout, text); err == nil && t.Year() >= 1900 && t.Year() <= 2100 {
			return events.Date(t.Format(time.DateOnly))
		}
	}
	return ""
}

// moment returns the moment of a column, in which a day may be followed by a time,
// or the time stands in a column of its own. Without a zone it is a time in England.
func (l line) moment(c, clock column) time.Time {
	text := l.cell(c)
	if t := l.cell(clock); t != "" && clock != "" {
		text += " " + t
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil && t.Year() >= 1900 && t.Year() <= 2100 {
		return t.UTC()
	}
	text = strings.Join(strings.Fields(strings.NewReplacer("T", " ", ",", " ", " at ", " ").Replace(text)), " ")
	for _, d := range days {
		for _, k := range append([]string{""}, clocks...) {
			t, err := time.ParseInLocation(strings.TrimSpace(d+" "+k), text, native.England())
			if err == nil && t.Year() >= 1900 && t.Year() <= 2100 {
				return t.UTC()
			}
		}
	}
	l.wrong(c, writtenDay+" and a time such as 14:35 if there is one,")
	return time.Time{}
}

// pupil is the child whom a line is about.
func (l line) pupil() events.Person {
	out := events.Person{Role: events.RoleChild, Sex: l.sex(), Name: l.name()}
	if upn := strings.ToUpper(l.cell(colUPN)); upn != "" {
		out.Identifiers.UPN = upn
		if !events.ValidUPN(upn) {
			l.wrong(colUPN, "a number with the right check letter, or nothing,")
		}
	}
	switch {
	case l.cell(colBorn) != "":
		out.DateOfBirth = l.day(colBorn)
	case out.Identifiers.UPN == "":
		l.wrong(colBorn, "a day, or a UPN in its column: a name alone does not tell who it is; nothing else will do")
	}
	out.LocalID = localID(l.short(colNumber), out)
	if len([]rune(out.LocalID)) > 200 {
		l.wrong(colNumber, "your number for the pupil, of at most 200 characters,")
	}
	return out
}

func (l line) name() events.Name {
	n := events.Name{Given: l.short(colForename), Family: l.short(colSurname)}
	if n.Given != "" && n.Family != "" {
		return n
	}
	if full := l.short(colName); full != "" {
		if n, ok := splitName(full); ok {
			return n
		}
	}
	c := colName
	if _, ok := l.column[c]; !ok {
		c = colSurname
	}
	l.wrong(c, "a name written Family, Given, or both parts in columns Forename and Surname,")
	return n
}

// splitName takes a name apart where nobody can be in doubt how.
func splitName(full string) (events.Name, bool) {
	if family, given, ok := strings.Cut(full, ","); ok {
		n := events.Name{Given: strings.TrimSpace(given), Family: strings.TrimSpace(family)}
		return n, n.Given != "" && n.Family != "" && !strings.Contains(given, ",")
	}
	w := strings.Fields(full)
	if len(w) != 2 {
		return events.Name{}, false
	}
	return events.Name{Given: w[0], Family: w[1]}, true
}

func (l line) sex() events.Sex {
	switch strings.ToLower(l.cell(colSex)) {
	case "":
		return ""
	case "f", "female":
		return events.Female
	case "m", "male":
		return events.Male
	case "u", "unknown", "not known", "not recorded":
		return events.SexUnknown
	}
	l.wrong(colSex, "F, M or U, or nothing,")
	return ""
}
