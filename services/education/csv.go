package education

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"kith/services/internal/native"
)

// rows reads an extract in any of its forms, and whether it is one of many rows.
func rows(raw []byte) (rs []row, many bool, err error) {
	raw = bytes.TrimSpace(bytes.TrimPrefix(raw, []byte("\ufeff"))) // spreadsheets begin with that mark
	strict := json.RejectUnknownMembers(true)
	switch {
	case bytes.HasPrefix(raw, []byte("{")):
		r, err := native.Read[row](raw, strict)
		return []row{r}, false, err
	case !bytes.HasPrefix(raw, []byte("[")):
		if raw, err = fromCSV(raw); err != nil {
			return nil, true, err
		}
	}
	rs, err = native.Read[[]row](raw, strict)
	return rs, true, err
}

// fromCSV turns CSV with a heading line into the JSON array that it stands for.
// An empty cell is a member that is not there.
func fromCSV(raw []byte) ([]byte, error) {
	f := &native.Form{}
	if f.Semicolons(raw) {
		return nil, f.Err()
	}
	lines, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	e, broken := errors.AsType[*csv.ParseError](err)
	switch {
	case broken:
		f.Wrong("", fmt.Sprintf("JSON, or CSV with as many cells in each line as in the heading (line %d)", e.Line))
	case len(lines) == 0 || !utf8.Valid(raw):
		f.Wrong("", "JSON, or CSV with a heading line, in UTF-8")
	default:
		headed(f, lines[0])
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	objects := []map[string]string{}
	for _, cells := range lines[1:] {
		o := map[string]string{}
		for i, name := range lines[0] {
			if cells[i] != "" {
				o[name] = cells[i]
			}
		}
		objects = append(objects, o)
	}
	return json.Marshal(objects)
}

// headed checks that each column has the name of a member, once.
func headed(f *native.Form, heading []string) {
	for i, name := range heading {
		o, err := json.Marshal(map[string]string{name: ""})
		if err == nil {
			err = json.Unmarshal(o, &row{}, json.RejectUnknownMembers(true))
		}
		if known := native.Members(err); len(known) > 0 {
			f.Wrong("", fmt.Sprintf("another name for column %d, or no such column; the columns are %s", i+1, strings.Join(known, ", ")))
		} else if err != nil || slices.Contains(heading[:i], name) {
			f.Wrong("", fmt.Sprintf("column %d once, under one name", i+1))
		}
	}
}
