package gateway

import (
	"net/http"

	"go.opentelemetry.io/otel/propagation"

	"kith/events"
	"kith/events/store"
)

// cause says who acts through the gateway and why. The same form or the same
// Idempotency-Key gives the same cause, and doing something twice for one cause
// is doing it once. What the caller sends is only part of the reason, so nobody
// can take the place of anybody else's.
func cause(r *http.Request, c *caller, p events.Purpose) store.Cause {
	key := once(r)
	if key == "" {
		key = fieldName(r.Header.Get("Idempotency-Key"))
	}
	if key == "" {
		key = newKey()
	}
	trace := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(r.Context(), trace)
	return store.Cause{By: c.Reader.Actor, For: c.Reader.Agency, Purpose: p,
		Because: "request:" + string(c.Reader.Actor) + ":" + key, Trace: trace["traceparent"]}
}

// done is the answer to an act: the id of what came of it, where it has one.
type done struct {
	Discussion events.DiscussionID `json:"discussion,omitempty"`
	Consent    events.ConsentID    `json:"consent,omitempty"`
}

func (done) open() {}

// mayAct asks the gate; what the caller may not know of is not there.
func (g *Gateway) mayAct(r *http.Request, c *caller, act string) error {
	return g.Gate.MayAct(r.Context(), c.Reader, childOf(r), act)
}

func childOf(r *http.Request) events.ChildID { return events.ChildID(r.PathValue("child")) }

func discussionOf(r *http.Request) events.DiscussionID {
	return events.DiscussionID(r.PathValue("discussion"))
}

// back leads to the child's view after something was done.
func back(w http.ResponseWriter, r *http.Request, p events.Purpose) error {
	return redirect(w, r, viewPath(childOf(r), p, nil, nil))
}
