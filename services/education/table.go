package education

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kith/services/internal/native"
)

// table is a CSV file as a school's system exports it: the columns in any order,
// among others, under the names that the system gives them. Places in it are named
// as a spreadsheet shows them, the heading being row 1.
type table struct {
	f      *native.Form
	column map[column]int // where a column is, from 0
	rows   []line
}

// line is one row of a table.
type line struct {
	*table
	number int
	cells  []string
}

// readTable reads a table, of which some columns are needed.
func readTable(raw []byte, names headings, needed ...column) (*table, error) {
	t := &table{f: &native.Form{}, column: map[column]int{}}
	lines := t.decode(raw)
	if err := t.f.Err(); err != nil {
		return nil, err
	}
	t.head(lines[0], names)
	t.need(names, needed...)
	for i, cells := range lines[1:] {
		l := line{t, i + 2, cells}
		if slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) { // spreadsheets leave empty rows behind
			t.rows = append(t.rows, l)
		}
	}
	if len(t.rows) == 0 {
		t.f.Wrong("", "at least one row below the heading")
	}
	return t, t.f.Err()
}

// decode splits the file into cells.
func (t *table) decode(raw []byte) [][]string {
	if bytes.HasPrefix(raw, []byte("\xff\xfe")) || bytes.HasPrefix(raw, []byte("\xfe\xff")) {
		t.f.Wrong("", "CSV in UTF-8: this is UTF-16; in Excel, save it as CSV UTF-8 (Comma delimited)")
		return nil
	}
	if t.f.Semicolons(raw) {
		return nil
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff")))) // Excel begins with that mark
	lines, err := r.ReadAll()
	e, broken := errors.AsType[*csv.ParseError](err)
	switch {
	case broken && errors.Is(e.Err, csv.ErrFieldCount):
		t.f.Wrong(fmt.Sprintf("/line/%d", e.StartLine), "as many cells as the heading has: is there a comma or a line break that is not within quotation marks?")
	case broken:
		t.f.Wrong(fmt.Sprintf("/line/%d", e.StartLine), "CSV: quotation marks around the whole cell, and twice within it")
	case err != nil || len(lines) == 0:
		t.f.Wrong("", "CSV with a heading line, in UTF-8")
	}
	for i, cells := range lines {
		for j, c := range cells {
			if !utf8.ValidString(c) {
				t.f.Wrong(place(i+1, j), "text in UTF-8: this is Windows-1252 or the like; in Excel, save it as CSV UTF-8 (Comma delimited)")
				return nil
			}
		}
	}
	return lines
}

// head finds the columns. Where a file has several that a name could mean, the
// more telling heading counts.
func (t *table) head(cells []string, names headings) {
	at := map[string]int{}
	for i, c := range cells {
		if c = plainWords(c); c == "" {
			continue
		} else if _, twice := at[c]; twice {
			t.f.Wrong(place(1, i), "another heading: an earlier column has the same")
		}
		at[c] = i
	}
	for c, known := range names {
		for _, h := range known {
			if i, ok := at[plainWords(h)]; ok {
				t.column[c] = i
				break
			}
		}
	}
}

// need wants columns to be there.
func (t *table) need(names headings, needed ...column) {
	for _, c := range needed {
		if _, ok := t.column[c]; !ok {
			t.f.Wrong("/row/1", fmt.Sprintf("a column with the %s, headed %q for example, or name yours in the file of columns", c, names[c][0]))
		}
	}
}

// plainWords is a heading without what people write differently.
func plainWords(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

func place(row, cell int) string { return fmt.Sprintf("/row/%d/column/%d", row, cell+1) }

// at is where a column of the line is.
func (l line) at(c column) string {
	if i, ok := l.column[c]; ok {
		return place(l.number, i)
	}
	return fmt.Sprintf("/row/%d", l.number)
}

func (l line) cell(c column) string {
	if i, ok := l.column[c]; ok {
		return strings.TrimSpace(l.cells[i])
	}
	return ""
}

// short, long are what a column holds, if it is not too long for an event.
func (l line) short(c column) string { return l.f.Short(l.at(c), l.cell(c)) }
func (l line) long(c column) string  { return l.f.Long(l.at(c), l.cell(c)) }

// wrong says what to give instead of what a column holds.
func (l line) wrong(c column, instead string) { l.f.Wrong(l.at(c), instead+" as the "+string(c)) }

// digest tells one version of a row from another. Columns that we do not read do
// not change it, nor does their order.
func (l line) digest(more ...string) string {
	var parts []string
	for c := range l.column {
		parts = append(parts, fmt.Sprintf("%q=%q", c, l.cell(c)))
	}
	slices.Sort(parts)
	return digestOf(append(parts, more...))
}

func digestOf(parts []string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:8])
}
