package gateway

import (
	"net/http"
	"slices"

	"kith/events"
	"kith/services/disclosure"
)

// What policies leave to people: the questions, and what somebody ruled. The list
// tells who asks what for, and no content: whoever wants to see the item opens the
// child's view, and is written down as having looked.

type reviewsAnswer struct {
	Reviews []events.ReviewShown `json:"reviews"`
}

func (g *Gateway) getReviews(w http.ResponseWriter, r *http.Request, c *caller) error {
	d, err := g.Gate.Reviews(r.Context(), c.Reader)
	if err != nil {
		return err
	}
	return writeDisclosed(w, http.StatusOK, disclosure.Map(d, func(rs []events.ReviewShown) reviewsAnswer { return reviewsAnswer{rs} }))
}

func (g *Gateway) postRuling(w http.ResponseWriter, r *http.Request, c *caller) error {
	f, err := decode[disclosure.RulingForm](w, r)
	if err != nil {
		return err
	}
	if err := g.rule(r, c, f); err != nil {
		return err
	}
	return writeOpen(w, http.StatusOK, jsonType, status{"settled"})
}

func (g *Gateway) rule(r *http.Request, c *caller, f disclosure.RulingForm) error {
	f.Review = events.ReviewID(r.PathValue("review"))
	return g.Gate.Rule(r.Context(), c.Reader, cause(r, c, ""), f)
}

type reviewsPage struct {
	base
	Waiting, Done []reviewRow
	Wrong         string // what was wrong with the ruling that was sent
}

type reviewRow struct {
	ID                                                      events.ReviewID
	Child                                                   events.ChildID
	ChildPath                                               string // empty for whoever sees no child
	Item, Holder, Label, Asks, Purpose, AskedAt             string
	For, Against                                            []policyLine
	Ruling, RuledBy, RuledAt, Reason, Once, Written, Choice string
}

func (g *Gateway) reviews(w http.ResponseWriter, r *http.Request, c *caller) error {
	return g.reviewsAgain(w, r, c, http.StatusOK, "")
}

// reviewsAgain shows the list, with what was wrong with a ruling.
func (g *Gateway) reviewsAgain(w http.ResponseWriter, r *http.Request, c *caller, code int, wrong string) error {
	d, err := g.Gate.Reviews(r.Context(), c.Reader)
	if err != nil {
		return err
	}
	b := g.base(c, "To be judged").at("/reviews")
	return showDisclosed(g, w, code, "reviews.html", disclosure.Map(d, func(rs []events.ReviewShown) reviewsPage {
		p := reviewsPage{base: b, Wrong: wrong}
		for _, x := range rs {
			row := g.reviewRow(x, !governance(g, c.Reader))
			if x.Review == events.ReviewID(r.PathValue("review")) {
				row.Written, row.Choice = posted(r, "reason"), posted(r, "ruling")
			}
			if x.Ruling == "" {
				p.Waiting = append(p.Waiting, row)
			} else {
				p.Done = append(p.Done, row)
			}
		}
		return p
	}))
}

func (g *Gateway) reviewRow(x events.ReviewShown, opens bool) reviewRow {
	row := reviewRow{ID: x.Review, Child: x.Child, Item: string(x.Item), Holder: g.agencyName(x.Holder), Label: string(x.Label),
		Asks: roleWords.of(string(x.Role)) + ", " + g.agencyName(x.Agency), Purpose: purposeWords.of(string(x.Purpose)), AskedAt: g.cal.Moment(x.AskedAt),
		For: g.policyLines(x.For), Against: g.policyLines(x.Against), Once: newKey()}
	if opens {
		row.ChildPath = viewPath(x.Child, events.PurposeSection17, nil, nil) + "#" + anchor(x.Item)
	}
	if x.RuledAt != nil {
		row.Ruling, row.RuledBy, row.RuledAt, row.Reason = x.Ruling, g.agencyName(x.RuledBy), g.cal.Moment(*x.RuledAt), x.Reason
	}
	return row
}

// policyLines are policies by their ids, in their words.
func (g *Gateway) policyLines(ids []string) (ls []policyLine) {
	for _, p := range g.Gate.Policies() {
		if slices.Contains(ids, p.ID) {
			ls = append(ls, policyLine{ID: p.ID, Because: p.Because, Basis: p.Basis})
		}
	}
	return ls
}

func (g *Gateway) sendRuling(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	err := g.rule(r, c, disclosure.RulingForm{Ruling: posted(r, "ruling"), Reason: posted(r, "reason")})
	if at, ok := mistakes(err, nil); ok {
		return g.reviewsAgain(w, r, c, http.StatusBadRequest, at[0].Detail)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, "/reviews")
}
