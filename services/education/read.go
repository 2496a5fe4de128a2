package education

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"kith/events"
	"kith/services/fault"
)

// read decodes a record. What is wrong it names by its place, never by its
// value: names of members that a record should not have are the sender's own
// words too, so those are named by their byte.
func read[T any](raw []byte, opts ...json.Options) (T, error) {
	var v T
	err := json.Unmarshal(raw, &v, opts...)
	if err == nil {
		return v, nil
	}
	var f form
	if s, ok := errors.AsType[*json.SemanticError](err); ok {
		if s.Err == json.ErrUnknownName {
			f.wrong(string(s.JSONPointer.Parent()), fmt.Sprintf("only members that are documented, which the one at byte %d is not", s.ByteOffset))
		} else {
			f.wrong(string(s.JSONPointer), kind(s))
		}
	} else if s, ok := errors.AsType[*jsontext.SyntacticError](err); ok && s.Err == jsontext.ErrDuplicateName {
		f.wrong("", fmt.Sprintf("each member once (byte %d)", s.ByteOffset))
	} else if ok {
		f.wrong("", fmt.Sprintf("one JSON value in UTF-8 (byte %d)", s.ByteOffset))
	} else {
		f.wrong("", "one JSON value in UTF-8")
	}
	return v, f.err()
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

// form gathers all that is wrong with a record, so that its sender learns of
// all of it at once.
type form struct{ at []fault.Place }

// wrong says what to give instead of what is at a place.
func (f *form) wrong(pointer, instead string) {
	f.at = append(f.at, fault.Place{Pointer: pointer, Detail: "Give " + instead + "."})
}

func (f *form) err() error {
	if len(f.at) == 0 {
		return nil
	}
	return &fault.Error{Kind: fault.Invalid, Text: "The record does not fit; see the places named.", At: f.at}
}

// text returns what must not be empty.
func (f *form) text(pointer, v string) string {
	if v = strings.TrimSpace(v); v == "" {
		f.wrong(pointer, "some text")
	}
	return v
}

// instant returns a moment in UTC, so that one moment has one spelling.
func (f *form) instant(pointer, v string) time.Time {
	t, err := time.Parse(time.RFC3339, v)
	if t = t.UTC(); err != nil || t.Year() < 1900 || t.Year() > 2100 {
		f.wrong(pointer, "a date and time with its zone, such as 2026-11-23T08:30:00Z")
	}
	return t
}

func (f *form) day(pointer, v string) events.Date {
	if t, err := time.Parse(time.DateOnly, v); err != nil || t.Year() < 1900 || t.Year() > 2100 {
		f.wrong(pointer, "a date, such as 2016-04-30")
	}
	return events.Date(v)
}

func choose[T ~string](f *form, pointer string, v T, of ...T) T {
	var names []string
	for _, o := range of {
		if v == o {
			return v
		}
		names = append(names, string(o))
	}
	f.wrong(pointer, "one of "+strings.Join(names, ", "))
	return v
}

// reference returns the agency's own reference, which becomes part of an id.
func (f *form) reference(pointer, v string) string {
	for _, c := range v {
		if c <= ' ' || c > '~' || len(v) > 64 {
			f.wrong(pointer, "at most 64 letters, digits and signs, without spaces")
			return v
		}
	}
	return f.text(pointer, v)
}

// within adds what is wrong with a part of the record that lies at a place.
func (f *form) within(at string, err error) {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		for _, p := range e.At {
			f.at = append(f.at, fault.Place{Pointer: at + p.Pointer, Detail: p.Detail})
		}
	}
}
