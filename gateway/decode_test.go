package gateway

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"kith/services/education"
	"kith/services/fault"
	"kith/services/strategy"
)

// Whatever the body of a request holds, it is decoded or refused, and what
// refuses it repeats nothing of it but names of fields.
func FuzzBody(f *testing.F) {
	f.Add(`{"givenName": "Wren", "familyName": "Testerly", "dateOfBirth": "2015-06-14", "observed": "x", "safeNow": "yes", "immediate": true}`)
	f.Add(`{"section47": true, "rationale": "r", "actions": [{"what": "w", "who": "x", "by": "2026-11-30"}]}`)
	f.Add(`{"name": {"given": "Wren", "family": "Testerly"}, "dateOfBirth": "2015-06-14", "purpose": "s47"} {}`)
	f.Fuzz(func(t *testing.T, body string) {
		check := func(err error) {
			if err == nil {
				return
			}
			known, ok := errors.AsType[*fault.Error](err)
			if !ok || known.Kind != fault.Invalid || len(known.At) != 1 {
				t.Fatalf("%T", err)
			}
			for part := range strings.SplitSeq(known.At[0].Pointer, "/") {
				if fieldName(part) != part {
					t.Error("repeats what was sent")
				}
			}
		}
		r := func() (*httptest.ResponseRecorder, string) { return httptest.NewRecorder(), body }
		check(decoded[education.ConcernForm](r()))
		check(decoded[strategy.DecisionForm](r()))
		check(decoded[searched](r()))
		check(decoded[given](r()))
	})
}

func decoded[T any](w *httptest.ResponseRecorder, body string) error {
	req := httptest.NewRequest("POST", "/", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	_, err := decode[T](w, req)
	return err
}
