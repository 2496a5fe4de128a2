// Package fault holds the kinds of error that reach a caller of the hub.
package fault

// Kind says what a caller can do about an error. Kinds are only ever added, at the end.
type Kind string

const (
	Invalid     Kind = "invalid"     // the request is wrong; do not repeat it
	Hidden      Kind = "not-found"   // there is no such thing, or none that you may know of
	Refused     Kind = "refused"     // you may know of it but not do this
	Conflict    Kind = "conflict"    // it changed meanwhile; look again
	Unsigned    Kind = "unsigned"    // sign in first
	Unavailable Kind = "unavailable" // not now; repeat it later
	Internal    Kind = "internal"    // ours; the text is for us alone
)

// Error is an error with a kind. Text is for the person who asked: it says what
// was expected and what to do, and never holds personal data.
type Error struct {
	Kind Kind
	Text string
	At   []Place // where the request is wrong, if it is
	Err  error   // for the log only
}

// Place is one thing that is wrong in a request.
type Place struct {
	Pointer string `json:"pointer"` // JSON pointer, or the name of a form field
	Detail  string `json:"detail"`
	Code    string `json:"code,omitempty"` // of the refusal that says so, if there is one; see intake.Explanations
}

func (e *Error) Error() string { return string(e.Kind) + ": " + e.Text }
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of a kind.
func New(k Kind, text string) *Error { return &Error{Kind: k, Text: text} }

// NotFound is the one answer for what is absent and for what may not be known.
// Both must be this very value, so that they cannot differ.
var NotFound = New(Hidden, "There is no such record, or none that you may know of.")
