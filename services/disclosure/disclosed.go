package disclosure

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Disclosed is something about a person that somebody may see: what the gate
// decided to show, and nothing else. Only this package makes one, and only after
// the read was recorded. It can be encoded, rendered and rearranged; what it
// holds cannot be taken out, and it prints as "withheld".
type Disclosed[T any] struct {
	value T
	made  bool
}

// Encodable is a Disclosed of whatever. An encoder that takes nothing else can
// send nothing that did not pass the gate.
type Encodable interface {
	json.Marshaler
	disclosed()
}

// Template is what renders a page: an *html/template.Template.
type Template interface {
	Execute(w io.Writer, data any) error
}

// errNotMade reports a Disclosed that did not come from the gate.
var errNotMade = errors.New("nothing was disclosed")

func disclose[T any](v T) Disclosed[T] { return Disclosed[T]{value: v, made: true} }

// Map rearranges what was disclosed. The function f may lay out and leave out; it must
// not add what is about a person, nor keep what it was given.
func Map[A, B any](d Disclosed[A], f func(A) B) Disclosed[B] {
	if !d.made {
		return Disclosed[B]{}
	}
	return disclose(f(d.value))
}

// MarshalJSON is an error for a Disclosed that did not come from the gate.
func (d Disclosed[T]) MarshalJSON() ([]byte, error) {
	if !d.made {
		return nil, errNotMade
	}
	return json.Marshal(d.value)
}

// Render executes a template with what was disclosed.
func (d Disclosed[T]) Render(w io.Writer, t Template) error {
	if !d.made {
		return errNotMade
	}
	return t.Execute(w, d.value)
}

func (Disclosed[T]) disclosed() {}

// Format prints "withheld" under every verb.
func (Disclosed[T]) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "withheld") }

// LogValue is "withheld".
func (Disclosed[T]) LogValue() slog.Value { return slog.StringValue("withheld") }
