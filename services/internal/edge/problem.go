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
	p := problem{Type: "about:blank"}
	f, ok := errors.AsType[*fault.Error](err)
	switch {
	case errors.Is(err, errTooLarge):
		p.Status, p.Title, p.Detail = http.StatusRequestEntityTooLarge, "The record is too large", "A record may have 4 MiB."
	case !ok:
		p.Status, p.Title, p.Detail = http.StatusInternalServerError, "Something went wrong here", "Nothing was taken. Send it again later."
		e.log.Error("a record could not be taken", "agency", e.agency.ID, "error", err)
	default:
		p.Status, p.Title = status(f.Kind)
		p.Detail, p.Errors = f.Text, f.At
	}
	write(w, p.Status, typeOfProblem, p)
}

func status(k fault.Kind) (int, string) {
	switch k {
	case fault.Invalid:
		return http.StatusBadRequest, "The record is not as it should be"
	case fault.Hidden:
		return http.StatusNotFound, "There is no such thing"
	case fault.Refused:
		return http.StatusForbidden, "This may not be done"
	case fault.Conflict:
		return http.StatusConflict, "It changed meanwhile"
	case fault.Unsigned:
		return http.StatusUnauthorized, "Sign in first"
	case fault.Unavailable:
		return http.StatusServiceUnavailable, "Not now"
	default:
		return http.StatusInternalServerError, "Something went wrong here"
	}
}

// refused answers with what the hub had to complain about.
func refused(w http.ResponseWriter, t taken, rs []*bus.Refusal) {
	p := problem{
		Type: "about:blank", Title: "The hub refused it", Status: http.StatusUnprocessableEntity,
		Detail: "Mend what is listed and send the record again.", Receipts: t.Receipts, Waiting: t.Waiting,
	}
	for _, r := range rs {
		for _, c := range r.Problems {
			p.Errors = append(p.Errors, fault.Place{Pointer: c.Pointer, Detail: c.Detail})
		}
	}
	write(w, p.Status, typeOfProblem, p)
}
