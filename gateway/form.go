package gateway

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"kith/services/fault"
)

// field is one field of a form as a page shows it.
type field struct {
	Name, Label, Hint string
	Type              string // of an input
	Class             string // width of an input
	Value, Error      string
	Rows              int // of a textarea
	Options           []option
	Strong, Inline    bool
	Numeric           bool
}

type option struct {
	Value, Name string
	On          bool
}

// Describes names the elements that say more about the field.
func (f field) Describes() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.Name+"-hint")
	}
	if f.Error != "" {
		ids = append(ids, f.Name+"-error")
	}
	return strings.Join(ids, " ")
}

func text(name, label, hint, class string) field {
	return field{Name: name, Label: label, Hint: hint, Type: "text", Class: class, Strong: true}
}

func area(name, label, hint string, rows int) field {
	return field{Name: name, Label: label, Hint: hint, Rows: rows, Strong: true}
}

func choice(name, label, hint string, options ...option) field {
	return field{Name: name, Label: label, Hint: hint, Options: options, Strong: true, Inline: len(options) <= 3}
}

func yesOrNo() []option { return []option{{Value: "yes", Name: "Yes"}, {Value: "no", Name: "No"}} }

// form is what a page shows: its fields by name, and what was wrong when it was
// sent before.
type form struct {
	F      map[string]field
	order  []string
	Errors []fault.Place
	Once   string
}

func newForm(fields ...field) form {
	f := form{F: map[string]field{}, Once: newKey()}
	for _, x := range fields {
		f.F[x.Name] = x
		f.order = append(f.order, x.Name)
	}
	return f
}

// newKey names one sending of one form.
func newKey() string { return newID()[:32] }

// again is the form as somebody sent it, with the errors beside their fields. An
// error that is about no field here stands in the summary alone, at the end; the
// others stand there in the order of the fields.
func (f form) again(r *http.Request, at []fault.Place) form {
	f.Once = once(r)
	for name, x := range f.F {
		x.Value = r.PostForm.Get(name)
		for i, o := range x.Options {
			x.Options[i].On = slices.Contains(r.PostForm[name], o.Value)
		}
		f.F[name] = x
	}
	for _, p := range at {
		x, ok := f.F[p.Pointer]
		if !ok {
			p.Pointer = ""
		} else if x.Error == "" {
			x.Error = p.Detail
			f.F[x.Name] = x
		}
		f.Errors = append(f.Errors, p)
	}
	slices.SortStableFunc(f.Errors, func(a, b fault.Place) int { return cmp.Compare(f.position(a), f.position(b)) })
	return f
}

func (f form) position(p fault.Place) int {
	if i := slices.Index(f.order, p.Pointer); i >= 0 {
		return i
	}
	return len(f.order)
}

// labels says, for the places that an error may name, which field of the form
// that is and what to tell the person who left it wrong. Without words the
// error's own stand.
type labels map[string]fault.Place

// mistakes returns the places of an error that the sender of a form can mend.
func mistakes(err error, l labels) ([]fault.Place, bool) {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		return nil, false
	}
	at := slices.Clone(f.At)
	if len(at) == 0 {
		at = []fault.Place{{Detail: f.Text}}
	}
	for i, p := range at {
		at[i].Pointer = strings.TrimPrefix(p.Pointer, "/")
		if known, ok := l[at[i].Pointer]; ok {
			at[i] = fault.Place{Pointer: known.Pointer, Detail: cmp.Or(known.Detail, p.Detail)}
		}
	}
	return at, true
}

// parseForm reads a small form.
func parseForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, smallBody)
	err := r.ParseForm()
	var big *http.MaxBytesError
	if err == nil || errors.As(err, &big) {
		return err
	}
	return wrong("", "The form could not be read.")
}

// once is the key that the form carried: a form sent twice is done once.
func once(r *http.Request) string {
	key := r.PostForm.Get("once")
	if len(key) != 32 || fieldName(key) == "" {
		return ""
	}
	return key
}

func posted(r *http.Request, name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
