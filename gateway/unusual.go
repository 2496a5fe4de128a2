package gateway

import (
	"context"
	"net/http"

	"kith/events"
	"kith/services/disclosure"
	"kith/services/ledger"
)

// The daily review of unusual looks. It names accounts, patterns and entries, and
// nobody by name; what is found is a question and no verdict.

type unusualAnswer struct {
	Findings []ledger.Listed `json:"findings"`
}

func (g *Gateway) getUnusual(w http.ResponseWriter, r *http.Request, c *caller) error {
	d, err := g.unusual(r, c)
	if err != nil {
		return err
	}
	return writeDisclosed(w, http.StatusOK, disclosure.Map(d, func(ls []ledger.Listed) unusualAnswer { return unusualAnswer{ls} }))
}

func (g *Gateway) unusual(r *http.Request, c *caller) (disclosure.Disclosed[[]ledger.Listed], error) {
	return disclosure.Audited(r.Context(), g.Gate, c.Reader, "", "who-looked", func(ctx context.Context, _ events.ChildID) ([]ledger.Listed, error) {
		return g.Review.List(ctx)
	})
}

// postFinding records what was decided on one.
func (g *Gateway) postFinding(w http.ResponseWriter, r *http.Request, c *caller) error {
	d, err := decode[ledger.Decision](w, r)
	if err != nil {
		return err
	}
	if err := g.Review.Decide(r.Context(), cause(r, c, events.PurposeAudit), r.PathValue("finding"), d); err != nil {
		return err
	}
	return writeOpen(w, http.StatusOK, jsonType, status{"settled"})
}

type unusualPage struct {
	base
	Open, Done []findingRow
	Wrong      string // what was wrong with the decision that was sent
}

type findingRow struct {
	ID, Title, Why, Reader, Agency, Child, Path, Last, Looks, Decided, Note, Once string
	Entries                                                                       []uint64
}

func (g *Gateway) unusualPage(w http.ResponseWriter, r *http.Request, c *caller) error {
	return g.showUnusual(w, r, c, http.StatusOK, "")
}

func (g *Gateway) showUnusual(w http.ResponseWriter, r *http.Request, c *caller, status int, wrong string) error {
	d, err := g.unusual(r, c)
	if err != nil {
		return err
	}
	b := g.base(c, "Unusual looks").at("/unusual").wide()
	b.Failed = wrong != ""
	return showDisclosed(g, w, status, "unusual.html", disclosure.Map(d, func(ls []ledger.Listed) unusualPage {
		p := unusualPage{base: b, Wrong: wrong}
		for _, l := range ls {
			row := findingRow{ID: l.ID, Title: l.Title, Why: l.Why, Reader: string(l.Reader), Agency: g.agencyName(l.Agency), Child: string(l.Child),
				Last: g.cal.Moment(l.Last), Looks: plural(len(l.Entries), "look", "looks"), Entries: l.Entries, Decided: outcomeWords.of(string(l.Decided)), Note: l.Note, Once: newKey()}
			if l.Child != "" {
				row.Path = "/ledger/children/" + row.Child
			}
			if l.Decided == "" {
				p.Open = append(p.Open, row)
			} else {
				p.Done = append(p.Done, row)
			}
		}
		return p
	}))
}

// sendFinding is the form beside a finding.
func (g *Gateway) sendFinding(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	d := ledger.Decision{Outcome: events.ReviewOutcome(posted(r, "outcome")), Note: posted(r, "note")}
	err := g.Review.Decide(r.Context(), cause(r, c, events.PurposeAudit), r.PathValue("finding"), d)
	if at, ok := mistakes(err, nil); ok && len(at) > 0 {
		return g.showUnusual(w, r, c, http.StatusBadRequest, at[0].Detail)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, "/unusual")
}
