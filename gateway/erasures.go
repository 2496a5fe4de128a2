package gateway

import (
	"context"
	"net/http"
	"slices"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
	"kith/services/retention"
)

// Retention is what people decide about erasures and legal holds; see
// services/retention.
type Retention interface {
	List(context.Context) (retention.Standing, error)
	Ask(context.Context, store.Cause, events.ReaderRole, retention.EraseForm) (events.ErasureID, error)
	Confirm(context.Context, store.Cause, events.ReaderRole, events.ErasureID) error
	Cancel(ctx context.Context, c store.Cause, role events.ReaderRole, id events.ErasureID, reference string) error
	Place(context.Context, store.Cause, events.ReaderRole, retention.HoldForm) (events.HoldID, error)
	Lift(ctx context.Context, c store.Cause, role events.ReaderRole, id events.HoldID, reference string) error
}

// keeper: whoever decides about erasures and holds.
func keeper(g *Gateway, r events.Reader) bool {
	return r.Role == events.RoleGovernance || r.Role == events.RoleChair && r.Agency == g.Authority
}

// What is erased and held is listed by number only, as in the ledger.
type erasuresAnswer struct{ retention.Standing }

func (erasuresAnswer) open() {}

// erasing is the answer to an act: the id of what came of it.
type erasing struct {
	Erasure events.ErasureID `json:"erasure,omitempty"`
	Hold    events.HoldID    `json:"hold,omitempty"`
}

func (erasing) open() {}

// referred is the body of what needs a reference and no more.
type referred struct {
	Reference string `json:"reference"`
}

func (g *Gateway) getErasures(w http.ResponseWriter, r *http.Request, _ *caller) error {
	st, err := g.Retention.List(r.Context())
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusOK, jsonType, erasuresAnswer{st})
}

func (g *Gateway) postErasure(w http.ResponseWriter, r *http.Request, c *caller) error {
	b, err := decode[retention.EraseForm](w, r)
	if err != nil {
		return err
	}
	id, err := g.askErasure(r, c, b)
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusCreated, jsonType, erasing{Erasure: id})
}

func (g *Gateway) postErasureConfirm(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.confirmErasure(r, c); err != nil {
		return err
	}
	return writeOpen(w, http.StatusOK, jsonType, erasing{Erasure: erasureOf(r)})
}

func (g *Gateway) postErasureCancel(w http.ResponseWriter, r *http.Request, c *caller) error {
	b, err := decode[referred](w, r)
	if err == nil {
		err = g.Retention.Cancel(r.Context(), cause(r, c, ""), c.Reader.Role, erasureOf(r), b.Reference)
	}
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusOK, jsonType, erasing{Erasure: erasureOf(r)})
}

func (g *Gateway) postHold(w http.ResponseWriter, r *http.Request, c *caller) error {
	b, err := decode[retention.HoldForm](w, r)
	if err != nil {
		return err
	}
	id, err := g.placeHold(r, c, b)
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusCreated, jsonType, erasing{Hold: id})
}

func (g *Gateway) postHoldLift(w http.ResponseWriter, r *http.Request, c *caller) error {
	b, err := decode[referred](w, r)
	if err == nil {
		err = g.Retention.Lift(r.Context(), cause(r, c, ""), c.Reader.Role, holdOf(r), b.Reference)
	}
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusOK, jsonType, erasing{Hold: holdOf(r)})
}

func erasureOf(r *http.Request) events.ErasureID { return events.ErasureID(r.PathValue("erasure")) }
func holdOf(r *http.Request) events.HoldID       { return events.HoldID(r.PathValue("hold")) }

func (g *Gateway) confirmErasure(r *http.Request, c *caller) error {
	return g.Retention.Confirm(r.Context(), cause(r, c, ""), c.Reader.Role, erasureOf(r))
}

func (g *Gateway) askErasure(r *http.Request, c *caller, f retention.EraseForm) (events.ErasureID, error) {
	if err := g.mayName(r, c, f.Child); err != nil {
		return "", err
	}
	return g.Retention.Ask(r.Context(), cause(r, c, ""), c.Reader.Role, f)
}

func (g *Gateway) placeHold(r *http.Request, c *caller, f retention.HoldForm) (events.HoldID, error) {
	if err := g.mayName(r, c, f.Child); err != nil {
		return "", err
	}
	return g.Retention.Place(r.Context(), cause(r, c, ""), c.Reader.Role, f)
}

// mayName keeps a chair, who may look at children, to those that they may know of
// and to those that are listed. Governance knows every number from the ledger.
func (g *Gateway) mayName(r *http.Request, c *caller, child events.ChildID) error {
	if governance(g, c.Reader) {
		return nil
	}
	st, err := g.Retention.List(r.Context())
	if err != nil {
		return err
	}
	if child != "" && slices.ContainsFunc(st.Erasures, func(e retention.Erasure) bool { return e.Whom.Child == child }) {
		return nil
	}
	if child == "" {
		return fault.NotFound
	}
	return g.Gate.MayAct(r.Context(), c.Reader, child, "open")
}
