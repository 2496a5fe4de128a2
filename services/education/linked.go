package education

import (
	"strings"

	"kith/events"
	"kith/services/internal/native"
)

// roll is who has a row of their own in a table, by name. Where two have one name
// there is nobody: it does not tell who is meant.
type roll map[string]*events.Person

func (t *table) known() roll {
	out := roll{}
	quiet := &table{f: &native.Form{}, column: t.column} // what is wrong is said when its row is read
	for _, l := range t.rows {
		l.table = quiet
		p := l.pupil()
		name := nameKey(p.Name)
		if old, ok := out[name]; ok && (old == nil || old.LocalID != p.LocalID) {
			out[name] = nil
			continue
		}
		out[name] = &p
	}
	return out
}

func nameKey(n events.Name) string {
	return strings.ToLower(strings.Join(strings.Fields(n.Given+" "+n.Family), " "))
}

// linked are the other pupils of an entry: names between semicolons, each followed
// by a date of birth or a UPN in brackets, or with a row of its own in the table.
func (l line) linked(child events.Person, known roll) (out []events.Person) {
	seen := map[string]bool{child.LocalID: true}
	split := func(r rune) bool { return strings.ContainsRune(";|\n\r", r) }
	for _, who := range strings.FieldsFunc(l.cell(colLinked), split) {
		if who = strings.TrimSpace(who); who == "" {
			continue
		}
		p, ok := l.other(who, known)
		if !ok {
			l.wrong(colLinked, "names between semicolons, each with a date of birth or a UPN in brackets or with a row of its own in this file,")
			return nil
		}
		if !seen[p.LocalID] {
			out = append(out, p)
		}
		seen[p.LocalID] = true
	}
	if len(out) > 49 {
		l.wrong(colLinked, "at most 49 names")
	}
	return out
}

// other is one linked pupil.
func (l line) other(who string, known roll) (events.Person, bool) {
	name, more, _ := strings.Cut(strings.TrimSuffix(who, ")"), "(")
	n, ok := splitName(strings.TrimSpace(name))
	if p := known[nameKey(n)]; ok && more == "" && p != nil {
		return events.Person{LocalID: p.LocalID, Role: p.Role, Name: p.Name, DateOfBirth: p.DateOfBirth, Identifiers: p.Identifiers}, true
	}
	p := events.Person{Role: events.RoleChild, Name: n}
	more = strings.TrimSpace(more)
	if upn := strings.ToUpper(more); events.ValidUPN(upn) {
		p.Identifiers.UPN = upn
	} else if p.DateOfBirth = readDay(strings.TrimSpace(strings.TrimPrefix(strings.ToLower(more), "dob"))); p.DateOfBirth == "" {
		return p, false
	}
	if row := known[nameKey(n)]; row != nil && (row.DateOfBirth == p.DateOfBirth && p.DateOfBirth != "" || row.Identifiers.UPN == p.Identifiers.UPN && p.Identifiers.UPN != "") {
		return events.Person{LocalID: row.LocalID, Role: row.Role, Name: row.Name, DateOfBirth: row.DateOfBirth, Identifiers: row.Identifiers}, ok
	}
	p.LocalID = localID("", p)
	return p, ok
}
