package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"kith/events/bus"
	"kith/services/fault"
)

// Kinds of problem that only the edge knows.
const (
	tooLarge     fault.Kind = "too-large"
	eventRefused fault.Kind = "event-refused"
	tooMany      fault.Kind = "too-many"
)

// kind is what the hub says about one kind of error: here, on the page that the
// type of a problem points to, and nowhere else.
type kind struct {
	Kind    fault.Kind
	Status  int
	Title   string
	Meaning string
	Do      string
}

// kinds is the one table of errors and HTTP statuses.
var kinds = []kind{
	{fault.Invalid, http.StatusBadRequest, "The request is not right",
		"Something in the request is missing or not as it should be. “errors” names each place.",
		"Correct those places and send it again. Sending it unchanged gives the same answer."},
	{eventRefused, http.StatusUnprocessableEntity, "An event was refused",
		"The hub read the event and does not accept it. “errors” points to each place in the CloudEvent, each with its code. From the hub itself “answers” holds the whole refusal.",
		"Correct the event and send it under the same id. What was refused is kept for the agency to look at."},
	{tooLarge, http.StatusRequestEntityTooLarge, "The request is too large",
		"One event may have 256 KiB, a batch and a record at an agency’s edge 4 MiB, anything else 64 KiB.",
		"Send less at a time."},
	{tooMany, http.StatusTooManyRequests, "Too many events at a time",
		"Your agency sent more, or larger, events than was agreed. Nothing of the request was taken.",
		"Wait for as long as Retry-After says and send the same again. RateLimit says with each answer what is left. Over NATS nothing is refused: what comes too fast waits."},
	{fault.Unsigned, http.StatusUnauthorized, "Sign in first",
		"There is no access token, or one that is unknown or has ended.",
		"Sign in, or send a bearer token in the Authorization header."},
	{notFresh, http.StatusUnauthorized, "Confirm that it is you",
		"This is asked of nobody but who showed within the last five minutes who they are. Nothing was done.",
		"Confirm it, then go back and send the same again. A program sends a token that was issued within five minutes."},
	{fault.Refused, http.StatusForbidden, "You may not do this",
		"You may know that this exists, but your role does not allow this.",
		"Ask somebody in the role that may."},
	{fault.Hidden, http.StatusNotFound, "Not found",
		"There is no such record, or none that you may know of. The hub gives the same answer to both, to the byte.",
		"Check the address. If you work with the child, your agency has to share something about the child first."},
	{fault.Conflict, http.StatusConflict, "It changed meanwhile",
		"Somebody else changed this since you looked.",
		"Look again, then decide again."},
	{fault.Unavailable, http.StatusServiceUnavailable, "Not now",
		"The hub cannot answer for the moment. Nothing that it gave a receipt for is lost.",
		"Try again in a minute."},
	{fault.Internal, http.StatusInternalServerError, "Something went wrong on our side",
		"The hub failed. What exactly is in its own log, under the reference.",
		"Try again. If it goes on, report the reference: it holds nothing about anyone."},
}

func kindOf(k fault.Kind) (kind, bool) {
	i := slices.IndexFunc(kinds, func(x kind) bool { return x.Kind == k })
	if i < 0 {
		return kind{}, false
	}
	return kinds[i], true
}

// problem is an RFC 9457 problem. It never holds personal data.
type problem struct {
	Type      string        `json:"type"`
	Title     string        `json:"title"`
	Status    int           `json:"status"`
	Detail    string        `json:"detail,omitempty"`
	Errors    []fault.Place `json:"errors,omitempty"`
	Answers   []answered    `json:"answers,omitempty"`   // to each event of a batch
	Reference string        `json:"reference,omitempty"` // to what the log says
}

func (problem) open() {}

func newProblem(k kind, detail string) problem {
	return problem{Type: "https://kith.uk/problems/" + string(k.Kind), Title: k.Title, Status: k.Status, Detail: detail}
}

// refusedEvents is the error of a submission of which the hub refused a part.
type refusedEvents struct{ answers []answered }

func (refusedEvents) Error() string { return "an event was refused" }

// problemOf turns an error into what its caller may read of it. An error that
// nobody foresaw becomes a reference, and its text goes to the log.
func (g *Gateway) problemOf(ctx context.Context, err error) problem {
	var known *fault.Error
	var big *http.MaxBytesError
	var refused refusedEvents
	switch {
	case errors.As(err, &refused):
		k, _ := kindOf(eventRefused)
		p := newProblem(k, "The hub did not accept what was sent.")
		p.Answers, p.Errors = refused.answers, places(refused.answers)
		return p
	case errors.As(err, &big):
		k, _ := kindOf(tooLarge)
		return newProblem(k, k.Meaning)
	case errors.As(err, &known) && known.Kind != fault.Internal:
		k, ok := kindOf(known.Kind)
		if k.Kind == fault.Hidden {
			return newProblem(k, fault.NotFound.Text)
		}
		if ok {
			p := newProblem(k, known.Text)
			p.Errors = known.At
			return p
		}
	}
	return g.unforeseen(ctx, err)
}

func (g *Gateway) unforeseen(ctx context.Context, err error) problem {
	k, _ := kindOf(fault.Internal)
	p := newProblem(k, k.Do)
	p.Reference = reference(ctx)
	g.Log.LogAttrs(ctx, slog.LevelError, "request failed",
		slog.String("reference", p.Reference), slog.String("error", err.Error()))
	return p
}

// reference is the trace of the request where there is one, so that the report
// of a user leads to it.
func reference(ctx context.Context) string {
	if s := trace.SpanContextFromContext(ctx); s.HasTraceID() {
		return s.TraceID().String()
	}
	return newID()[:32]
}

// fail answers with a problem: as JSON under /v1, as a page everywhere else.
func (g *Gateway) fail(w http.ResponseWriter, r *http.Request, c *caller, err error) {
	if over := brokenOff(r); over != nil {
		c, err = nil, over
	} else if errors.Is(r.Context().Err(), context.Canceled) {
		return // nobody is listening
	}
	p := g.problemOf(r.Context(), err)
	noStore(w.Header())
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "10")
	}
	if isAPI(r) {
		if p.Status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", challenge(err))
		}
		writeOpen(w, p.Status, "application/problem+json", p)
		return
	}
	if p.Status == http.StatusUnauthorized && r.Method == http.MethodGet {
		http.Redirect(w, r, signInPath(r, err), http.StatusSeeOther)
		return
	}
	k, _ := kindOf(fault.Kind(strings.TrimPrefix(p.Type, "https://kith.uk/problems/")))
	page := problemPage{base: g.base(c, k.Title), Problem: p, Kind: k}
	if err := g.page(w, p.Status, "problem.html", page); err != nil {
		g.Log.LogAttrs(r.Context(), slog.LevelError, "problem page failed", slog.String("error", err.Error()))
		http.Error(w, k.Title, p.Status)
	}
}

func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/v1/") }

// answered is what became of one event of a submission.
type answered struct {
	Receipt *bus.Receipt `json:"receipt,omitempty"`
	Refusal *bus.Refusal `json:"refusal,omitempty"`
}
