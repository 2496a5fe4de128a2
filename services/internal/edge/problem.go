package edge

import (
	"errors"
	"net/http"

	"kith/events/bus"
	"kith/services/fault"
)

// problem is the body of every error (RFC 9457).
type problem struct {
	Type     string         `json:"type"`
	Title    string         `json:"title"`
	Status   int            `json:"status"`
	Detail   string         `json:"detail"`
	Errors   []fault.Place  `json:"errors,omitempty"`
	Receipts []*bus.Receipt `json:"receipts,omitempty"` // for what was taken of the same record
	Waiting  int            `json:"waiting,omitempty"`
}

const typeOfProblem = "application/problem+json"

var errTooLarge = errors.New("record too large")

// fail answers with an error. The text of one that is not meant for people stays
// in the log.
func (e *Edge) fail(w http.ResponseWriter, err error) {
	var p problem
	f, ok := errors.AsType[*fault.Error](err)
	switch {
	case errors.Is(err, errTooLarge):
		p = problem{Type: page("too-large"), Title: "The request is too large", Status: http.StatusRequestEntityTooLarge, Detail: "A record may have 4 MiB. Hand it in as several."}
	case !ok:
		p = problem{Type: blank, Title: "Something went wrong here", Status: http.StatusInternalServerError, Detail: "Nothing was taken. Send it again later."}
		e.log.Error("a record could not be taken", "agency", e.agency.ID, "error", err)
	default:
		p = problem{Type: page(f.Kind), Detail: f.Text, Errors: f.At}
		p.Status, p.Title = status(f.Kind)
	}
	write(w, p.Status, typeOfProblem, p)
}

// blank is the type of a problem of which the hub has no page.
const blank = "about:blank"

// page is the type of a problem: the hub explains each under /problems, by the
// same name and under the same title.
func page(k fault.Kind) string { return "https://kith.uk/problems/" + string(k) }

func status(k fault.Kind) (int, string) {
	switch k {
	case fault.Invalid:
		return http.StatusBadRequest, "The request is not right"
	case fault.Hidden:
		return http.StatusNotFound, "Not found"
	case fault.Refused:
		return http.StatusForbidden, "You may not do this"
	case fault.Conflict:
		return http.StatusConflict, "It changed meanwhile"
	case fault.Unsigned:
		return http.StatusUnauthorized, "Sign in first"
	case fault.Unavailable:
		return http.StatusServiceUnavailable, "Not now"
	default:
		return http.StatusInternalServerError, "Something went wrong on our side"
	}
}

// refused answers with what the hub had to complain about.
func refused(w http.ResponseWriter, t taken, rs []*bus.Refusal) {
	p := problem{
		Type: page("event-refused"), Title: "An event was refused", Status: http.StatusUnprocessableEntity,
		Detail: "Mend what is listed and send the record again.", Receipts: t.Receipts, Waiting: t.Waiting,
	}
	for _, r := range rs {
		for _, c := range r.Problems {
			p.Errors = append(p.Errors, fault.Place{Pointer: c.Pointer, Detail: c.Detail, Code: c.Code})
		}
	}
	write(w, p.Status, typeOfProblem, p)
}
