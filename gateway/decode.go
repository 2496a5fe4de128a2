package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"kith/services/fault"
)

// Limits of a request's body, in bytes.
const (
	smallBody = 64 << 10
	batchBody = 4 << 20
)

// readBody reads at most limit bytes; more is a *http.MaxBytesError.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	return io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
}

// decode reads the one JSON document of a request into v. It refuses fields that
// v does not have and anything after the end. Its errors name places, never values.
func decode[T any](w http.ResponseWriter, r *http.Request) (v T, err error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return v, wrong("", "The content type has to be application/json.")
	}
	body, err := readBody(w, r, smallBody)
	if err != nil {
		return v, err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, badJSON(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return v, wrong("", "There is something after the end of the document.")
	}
	return v, nil
}

func wrong(pointer, detail string) error {
	return &fault.Error{Kind: fault.Invalid, Text: "The request could not be read.",
		At: []fault.Place{{Pointer: pointer, Detail: detail}}}
}

// badJSON says what is wrong without the decoder's own text, which quotes what
// was sent.
func badJSON(err error) error {
	var typ *json.UnmarshalTypeError
	if errors.As(err, &typ) {
		return wrong(pointer(typ.Field), "This has to be of another type. See the API description.")
	}
	if name, ok := strings.CutPrefix(err.Error(), `json: unknown field "`); ok {
		return wrong("/"+fieldName(strings.TrimSuffix(name, `"`)), "There is no such field.")
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return wrong("", "This is not a JSON document.")
	}
	return wrong("", "A value does not have the form that its field needs: days are YYYY-MM-DD, moments RFC 3339.")
}

// pointer makes a JSON pointer of the decoder's path, without the embedded
// structs, which are no part of the document.
func pointer(path string) string {
	var out string
	for part := range strings.SplitSeq(path, ".") {
		if part != "" && (part[0] < 'A' || part[0] > 'Z') {
			out += "/" + part
		}
	}
	return out
}

// fieldName returns a name that looks like one of a field. Anything else could
// be data in the wrong place, and is not repeated.
func fieldName(s string) string {
	letter := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' }
	if len(s) > 40 || strings.ContainsFunc(s, func(r rune) bool { return !letter(r) }) {
		return ""
	}
	return s
}
