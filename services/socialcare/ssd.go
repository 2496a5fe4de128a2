package socialcare

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"kith/events"
	"kith/services/internal/native"
)

// ssdTable is a table of the Standard Safeguarding Dataset, joined with the columns
// of ssd_person that say who the child is. Columns beside these are not looked at.
type ssdTable struct {
	person  string   // the column with the authority's number of the child
	columns []string // that its rows must have, be they empty
	notice  func(ssdRow) events.Notice
}

// ssdPerson are the columns of ssd_person.
func ssdPerson() []string { return []string{"pers_forename", "pers_surname", "pers_dob"} }

// read translates rows: a JSON array, or CSV with a heading line. A row of what has
// not happened yet gives no notice.
func (t ssdTable) read(raw []byte) ([]events.Notice, error) {
	raw = bytes.TrimSpace(bytes.TrimPrefix(raw, []byte("\ufeff"))) // spreadsheets begin with that mark
	if !bytes.HasPrefix(raw, []byte("[")) {
		var err error
		if raw, err = ssdCSV(raw); err != nil {
			return nil, err
		}
	}
	rows, err := native.Read[[]map[string]jsontext.Value](raw)
	if err != nil {
		return nil, err
	}
	if err := t.complete(rows); err != nil {
		return nil, err
	}
	ns, err := native.Each(rows, true, t.one)
	if err != nil {
		return nil, err
	}
	ns = slices.DeleteFunc(ns, func(n events.Notice) bool { return n.ID == "" })
	if len(ns) == 0 {
		f := &native.Form{}
		f.Wrong("", "at least one row of what has happened")
		return nil, f.Err()
	}
	return ns, nil
}

// complete names each column that is missing, in the first row without it.
func (t ssdTable) complete(rows []map[string]jsontext.Value) error {
	f := &native.Form{}
	for _, column := range slices.Concat([]string{t.person}, ssdPerson(), t.columns) {
		i := slices.IndexFunc(rows, func(r map[string]jsontext.Value) bool { _, ok := r[column]; return !ok })
		if i >= 0 {
			f.Wrong(fmt.Sprintf("/%d/%s", i, column), "this column, empty where nothing is known")
		}
	}
	return f.Err()
}

func (t ssdTable) one(cells map[string]jsontext.Value, f *native.Form, at string) events.Notice {
	r := ssdRow{cells: cells, f: f, at: at}
	n := t.notice(r)
	if n.ID != "" {
		n.Report.About = []events.Person{r.child(t.person)}
		n.Version = events.Version{Record: n.ID, At: r.at} // a row says how things stand
	}
	return n
}

// ssdCSV turns CSV into the JSON array that it stands for: row 1 is /0.
func ssdCSV(raw []byte) ([]byte, error) {
	f := &native.Form{}
	if f.Semicolons(raw) {
		return nil, f.Err()
	}
	lines, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil || len(lines) < 2 || !utf8.Valid(raw) {
		f.Wrong("", "a JSON array, or CSV in UTF-8 with a heading line and as many cells in each row")
		return nil, f.Err()
	}
	var rows []map[string]string
	for _, cells := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			if _, twice := row[name]; twice || !utf8.ValidString(name) {
				f.Wrong("", "each column once")
				return nil, f.Err()
			}
			row[name] = cells[i]
		}
		rows = append(rows, row)
	}
	return json.Marshal(rows, json.Deterministic(true))
}

// ssdRow is one row, and where it lies. All cells are text, as in CSV.
type ssdRow struct {
	cells map[string]jsontext.Value
	f     *native.Form
	at    string
}

// text is a cell, "" where it is empty.
func (r ssdRow) text(column string) string {
	v, ok := r.cells[column]
	if !ok || v.Kind() == 'n' {
		return ""
	}
	var s string
	if json.Unmarshal(v, &s) != nil {
		r.f.Wrong(r.at+"/"+column, "text")
	}
	return strings.TrimSpace(s)
}

// day is a day, with or without a time behind it; "" where the cell is empty.
func (r ssdRow) day(column string) events.Date {
	v := r.text(column)
	if v == "" {
		return ""
	}
	if len(v) > 10 && (v[10] == 'T' || v[10] == ' ') {
		v = v[:10]
	}
	return r.f.Day(r.at+"/"+column, v)
}

// first is a day that every row has.
func (r ssdRow) first(column string) events.Date {
	d := r.day(column)
	if k := r.cells[column].Kind(); d == "" && (k == 'n' || k == '"') { // what is missing or no text was named already
		r.f.Day(r.at+"/"+column, "")
	}
	return d
}

// last is a day that is not before another; "" where the cell is empty.
func (r ssdRow) last(column string, began events.Date) events.Date {
	d := r.day(column)
	if d != "" && d < began {
		r.f.Wrong(r.at+"/"+column, "a day not before it started")
	}
	return d
}

// flag is Y or N; nil where the cell is empty.
func (r ssdRow) flag(column string) *bool {
	v := r.text(column)
	if v == "" {
		return nil
	}
	yes := native.Choose(r.f, r.at+"/"+column, v, "Y", "N") == "Y"
	return &yes
}

// code is one of those that there are; "" where the cell is empty.
func (r ssdRow) code(column string, of ...string) string {
	v := r.text(column)
	if v == "" {
		return ""
	}
	return native.Choose(r.f, r.at+"/"+column, v, of...)
}

func (r ssdRow) reference(column string) string {
	return r.f.Reference(r.at+"/"+column, r.text(column))
}

func (r ssdRow) team(column string) string {
	if v := r.text(column); v != "" {
		return v
	}
	return "Children's social care"
}

// shared is what a row says beside its fact: it came about on that day.
func (r ssdRow) shared(on events.Date, basis events.Basis, team string) events.Shared {
	day := native.Beginning(on) // checked where it was read
	return events.Shared{OccurredAt: day, RecordedAt: day, Basis: basis, Label: events.Core, Contact: events.Contact{Team: team}}
}

func (r ssdRow) child(number string) events.Person {
	at := func(column string) (string, string) { return r.at + "/" + column, r.text(column) }
	out := events.Person{
		Role: events.RoleChild, LocalID: r.f.Line(at(number)),
		Name:        events.Name{Given: r.f.Line(at("pers_forename")), Family: r.f.Line(at("pers_surname"))},
		Identifiers: events.Identifiers{UPN: r.text("pers_upn")},
		DateOfBirth: r.day("pers_dob"),
	}
	if out.Identifiers.UPN != "" && !events.ValidUPN(out.Identifiers.UPN) {
		r.f.Wrong(r.at+"/pers_upn", "a unique pupil number with the right check letter, or nothing")
	}
	return out
}
