package gateway

import (
	"context"
	"net/http"

	"kith/events"
	"kith/events/store"
	"kith/services/identity"
)

// Proposed links are shown by number only. Whoever has to decide opens both
// views through the gate, and is written down as having looked.

type candidatesAnswer struct {
	Candidates []identity.Candidate `json:"candidates"`
}

func (candidatesAnswer) open() {}

// candidatesFor are those of which the caller may know: nothing stands between
// them and either child.
func (g *Gateway) candidatesFor(ctx context.Context, r events.Reader) ([]identity.Candidate, error) {
	all, err := g.Identity.Candidates(ctx)
	if err != nil {
		return nil, err
	}
	var ids []events.ChildID
	for _, c := range all {
		ids = append(ids, c.Child, c.Now)
	}
	stays, err := g.Gate.Among(ctx, r, ids...)
	if err != nil {
		return nil, err
	}
	cs := []identity.Candidate{}
	for i, c := range all {
		if stays[2*i] && stays[2*i+1] {
			cs = append(cs, c)
		}
	}
	return cs, nil
}

func (g *Gateway) getCandidates(w http.ResponseWriter, r *http.Request, c *caller) error {
	cs, err := g.candidatesFor(r.Context(), c.Reader)
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusOK, jsonType, candidatesAnswer{cs})
}

type candidatesPage struct {
	base
	Rows []candidateRow
}

type candidateRow struct {
	N                    int
	Child                events.ChildID
	Subject              events.SubjectID
	Rule, Agency         string
	ChildPath, OtherPath string
	Once                 string
}

func (g *Gateway) candidates(w http.ResponseWriter, r *http.Request, c *caller) error {
	cs, err := g.candidatesFor(r.Context(), c.Reader)
	if err != nil {
		return err
	}
	p := candidatesPage{base: g.base(c, "Possible matches").at("/identity").wide()}
	for i, x := range cs {
		p.Rows = append(p.Rows, candidateRow{N: i + 1, Child: x.Child, Subject: x.Subject, Agency: g.agencyName(x.Agency),
			Rule: capital(ruleWords.of(string(x.Rule))), ChildPath: "/children/" + string(x.Child), OtherPath: "/children/" + string(x.Now), Once: newKey()})
	}
	return g.page(w, http.StatusOK, "candidates.html", p)
}

// linkBody is what a person decided about a subject and a child.
type linkBody struct {
	Child   events.ChildID   `json:"child"`
	Subject events.SubjectID `json:"subject"`
	Reason  string           `json:"reason"`
}

type linkVerb func(context.Context, store.Cause, events.ChildID, events.SubjectID, string) error

func (g *Gateway) postLink(w http.ResponseWriter, r *http.Request, c *caller) error {
	return g.settle(w, r, c, g.Identity.Link)
}

func (g *Gateway) postDecline(w http.ResponseWriter, r *http.Request, c *caller) error {
	return g.settle(w, r, c, g.Identity.Decline)
}

func (g *Gateway) postUnlink(w http.ResponseWriter, r *http.Request, c *caller) error {
	return g.settle(w, r, c, g.Identity.Unlink)
}

func (g *Gateway) settle(w http.ResponseWriter, r *http.Request, c *caller, do linkVerb) error {
	b, err := decode[linkBody](w, r)
	if err != nil {
		return err
	}
	if err := g.Gate.MayPlace(r.Context(), c.Reader, b.Child, b.Subject); err != nil {
		return err
	}
	if err := do(r.Context(), cause(r, c, ""), b.Child, b.Subject, b.Reason); err != nil {
		return err
	}
	return writeOpen(w, http.StatusOK, jsonType, status{"settled"})
}

func (g *Gateway) sendLink(w http.ResponseWriter, r *http.Request, c *caller) error {
	return g.settleForm(w, r, c, g.Identity.Link)
}

func (g *Gateway) sendDecline(w http.ResponseWriter, r *http.Request, c *caller) error {
	return g.settleForm(w, r, c, g.Identity.Decline)
}

func (g *Gateway) sendUnlink(w http.ResponseWriter, r *http.Request, c *caller) error {
	return g.settleForm(w, r, c, g.Identity.Unlink)
}

func (g *Gateway) settleForm(w http.ResponseWriter, r *http.Request, c *caller, do linkVerb) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	child, subject := events.ChildID(posted(r, "child")), events.SubjectID(posted(r, "subject"))
	if err := g.Gate.MayPlace(r.Context(), c.Reader, child, subject); err != nil {
		return err
	}
	if err := do(r.Context(), cause(r, c, ""), child, subject, posted(r, "reason")); err != nil {
		return err
	}
	return redirect(w, r, "/identity")
}
