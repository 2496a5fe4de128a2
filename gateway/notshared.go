package gateway

import (
	"net/http"

	"kith/events"
	"kith/services/disclosure"
)

// Decisions not to share: whoever works with a child records them, information
// governance reads them.

type notSharedAnswer struct {
	Decisions []events.NotSharedShown `json:"decisions"`
}

func (g *Gateway) getNotShared(w http.ResponseWriter, r *http.Request, c *caller) error {
	d, err := g.Gate.NotShared(r.Context(), c.Reader)
	if err != nil {
		return err
	}
	return writeDisclosed(w, http.StatusOK, disclosure.Map(d, func(ds []events.NotSharedShown) notSharedAnswer { return notSharedAnswer{ds} }))
}

// keptDecision names a decision that was recorded.
type keptDecision struct {
	Decision events.NotSharedID `json:"decision"`
}

func (keptDecision) open() {}

func (g *Gateway) postNotShared(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "not-share"); err != nil {
		return err
	}
	f, err := decode[disclosure.NotSharedForm](w, r)
	if err != nil {
		return err
	}
	f.Child = childOf(r)
	id, err := g.Gate.NotShare(r.Context(), c.Reader, cause(r, c, ""), f)
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusCreated, jsonType, keptDecision{id})
}

func (g *Gateway) notSharedForm() form {
	with := choice("with", "With whom is it not shared?", "Choose none if it is shared with nobody.")
	for _, a := range g.agencies() {
		with.Options = append(with.Options, option{Value: string(a.ID), Name: a.Name})
	}
	why := choice("why", "What sort of reason is it?", "")
	for _, c := range []events.WhyNot{events.MoreDetrimental, events.NotRelevant, events.NoBasis, events.Refused} {
		why.Options = append(why.Options, option{Value: string(c), Name: whyNotWords.of(string(c))})
	}
	return newForm(with, why,
		area("what", "What is not shared?", "Say what it is about; what it says is not needed.", 3),
		area("reason", "Why not?", "So that somebody who looks at it later can follow the decision.", 4))
}

func (g *Gateway) newNotShared(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "not-share"); err != nil {
		return err
	}
	return g.page(w, http.StatusOK, "not-shared-new.html", g.childForm(r, c, "Record a decision not to share", g.notSharedForm()))
}

func (g *Gateway) sendNotShared(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "not-share"); err != nil {
		return err
	}
	if err := parseForm(w, r); err != nil {
		return err
	}
	_, err := g.Gate.NotShare(r.Context(), c.Reader, cause(r, c, ""), disclosure.NotSharedForm{Child: childOf(r),
		With: events.AgencyID(posted(r, "with")), Why: events.WhyNot(posted(r, "why")), What: posted(r, "what"), Reason: posted(r, "reason")})
	if at, ok := mistakes(err, nil); ok {
		return g.page(w, http.StatusBadRequest, "not-shared-new.html", g.childForm(r, c, "Record a decision not to share", g.notSharedForm().again(r, at)))
	}
	if err != nil {
		return err
	}
	return back(w, r, events.PurposeSection17)
}

type notSharedPage struct {
	base
	Rows []notSharedRow
}

type notSharedRow struct{ When, Who, Child, With, Why, What, Reason string }

func (g *Gateway) notShared(w http.ResponseWriter, r *http.Request, c *caller) error {
	d, err := g.Gate.NotShared(r.Context(), c.Reader)
	if err != nil {
		return err
	}
	b := g.base(c, "Decisions not to share").at("/not-shared").wide()
	return showDisclosed(g, w, http.StatusOK, "not-shared.html", disclosure.Map(d, func(ds []events.NotSharedShown) notSharedPage {
		p := notSharedPage{base: b}
		for _, x := range ds {
			row := notSharedRow{When: g.cal.Moment(x.At), Who: roleWords.of(string(x.Role)) + ", " + g.agencyName(x.Agency), Child: string(x.Child),
				With: "Nobody", Why: whyNotWords.of(string(x.Why)), What: x.What, Reason: x.Reason}
			if x.With != "" {
				row.With = g.agencyName(x.With)
			}
			p.Rows = append(p.Rows, row)
		}
		return p
	}))
}
