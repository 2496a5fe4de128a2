// Package native reads the records of agencies' own systems, for the translators
// of all kinds of agency.
package native

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"kith/events"
	"kith/services/fault"
)

// Read decodes a record. What is wrong it names by its place, never by its
// value: names of members that a record should not have are the sender's own
// words too, so those are named by their line and byte.
func Read[T any](raw []byte, opts ...json.Options) (T, error) {
	var v T
	err := json.Unmarshal(raw, &v, opts...)
	if err == nil {
		return v, nil
	}
	var f Form
	if s, ok := errors.AsType[*json.SemanticError](err); ok {
		if s.Err == json.ErrUnknownName {
			f.Wrong(string(s.JSONPointer.Parent()), "only the members that are known here, which the one in "+place(raw, s.ByteOffset)+" is not: "+strings.Join(Members(s), ", "))
		} else {
			f.Wrong(string(s.JSONPointer), kind(s))
		}
	} else if s, ok := errors.AsType[*jsontext.SyntacticError](err); ok && s.Err == jsontext.ErrDuplicateName {
		f.Wrong("", "each member once ("+place(raw, s.ByteOffset)+")")
	} else if ok {
		f.Wrong("", "one JSON value in UTF-8 ("+place(raw, s.ByteOffset)+")")
	} else {
		f.Wrong("", "one JSON value in UTF-8")
	}
	return v, f.Err()
}

// Members lists, in order, the members that an object may have which had one that
// it may not have; none for any other error.
func Members(err error) (names []string) {
	s, ok := errors.AsType[*json.SemanticError](err)
	if !ok || s.Err != json.ErrUnknownName {
		return nil
	}
	for parts := one(s.GoType); len(parts) > 0; parts = parts[1:] {
		for i := range parts[0].NumField() {
			f := parts[0].Field(i)
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
				names = append(names, name)
			} else if f.Anonymous {
				parts = append(parts, f.Type)
			}
		}
	}
	slices.Sort(names)
	return names
}

func one[T any](v T) []T { return []T{v} }

// Semicolons reports whether a CSV file has semicolons where commas belong, as a
// spreadsheet writes it that counts in another country's way; and says so.
func (f *Form) Semicolons(raw []byte) bool {
	heading, _, _ := bytes.Cut(raw, []byte("\n"))
	found := bytes.ContainsRune(heading, ';') && !bytes.ContainsRune(heading, ',')
	if found {
		f.Wrong("", "cells that are separated by commas, not semicolons")
	}
	return found
}

// place says where a byte is: by the line for who looks with an editor.
func place(raw []byte, offset int64) string {
	return fmt.Sprintf("line %d, byte %d", 1+bytes.Count(raw[:min(int(offset), len(raw))], []byte("\n")), offset)
}

func kind(s *json.SemanticError) string {
	if s.GoType == nil {
		return "a value of the documented kind"
	}
	switch s.GoType.Kind().String() {
	case "string":
		return "text"
	case "bool":
		return "true or false"
	case "int":
		return "a whole number"
	default:
		return "an object or a list, as documented"
	}
}

// Each makes a notice of every row of a record. The places of what is wrong begin
// with the number of the row if there could be many; no row at all is wrong too.
func Each[R any](rows []R, many bool, notice func(r R, f *Form, at string) events.Notice) ([]events.Notice, error) {
	f := &Form{}
	if len(rows) == 0 {
		f.Wrong("", "at least one row")
	}
	var out []events.Notice
	for i, r := range rows {
		at := ""
		if many {
			at = "/" + strconv.Itoa(i)
		}
		out = append(out, notice(r, f, at))
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

// Form gathers all that is wrong with a record, so that its sender learns of
// all of it at once.
type Form struct{ at []fault.Place }

// Wrong says what to give instead of what is at a place.
func (f *Form) Wrong(pointer, instead string) {
	f.at = append(f.at, fault.Place{Pointer: pointer, Detail: "Give " + instead + "."})
}

// Err is all that is wrong, a fault.Error with its places, or nil.
func (f *Form) Err() error {
	if len(f.at) == 0 {
		return nil
	}
	return &fault.Error{Kind: fault.Invalid, Text: "The record does not fit; see the places named.", At: f.at}
}

// Text returns what must not be empty.
func (f *Form) Text(pointer, v string) string {
	if v = strings.TrimSpace(v); v == "" {
		f.Wrong(pointer, "some text")
	}
	return v
}

// Instant returns a moment in UTC, so that one moment has one spelling.
func (f *Form) Instant(pointer, v string) time.Time {
	t, err := time.Parse(time.RFC3339, v)
	if t = t.UTC(); err != nil || t.Year() < 1900 || t.Year() > 2100 {
		f.Wrong(pointer, "a date and time with its zone, such as 2026-11-23T08:30:00Z")
	}
	return t
}

// Day returns a day.
func (f *Form) Day(pointer, v string) events.Date {
	if t, err := time.Parse(time.DateOnly, v); err != nil || t.Year() < 1900 || t.Year() > 2100 {
		f.Wrong(pointer, "a date, such as 2016-04-30")
	}
	return events.Date(v)
}

// Choose returns one of the values that may be given.
func Choose[T ~string](f *Form, pointer string, v T, of ...T) T {
	if slices.Contains(of, v) {
		return v
	}
	names := make([]string, len(of))
	for i, o := range of {
		names[i] = string(o)
	}
	f.Wrong(pointer, "one of "+strings.Join(names, ", "))
	return v
}

// Reference returns the agency's own reference, which becomes part of an id.
func (f *Form) Reference(pointer, v string) string {
	for _, c := range v {
		if c <= ' ' || c > '~' || len(v) > 64 {
			f.Wrong(pointer, "at most 64 letters, digits and signs, without spaces")
			return v
		}
	}
	return f.Text(pointer, v)
}

// Within adds what is wrong with a part of the record that lies at a place.
func (f *Form) Within(at string, err error) {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		for _, p := range e.At {
			f.at = append(f.at, fault.Place{Pointer: at + p.Pointer, Detail: p.Detail})
		}
	}
}
