package gateway

import (
	"net/http"
	"time"

	"kith/events"
	"kith/services/retention"
)

var (
	erasureWords = words{
		"retention-expired": "The time for which it is kept is over", "wrong-child": "It is about another child",
		"unlawful": "It should not have been shared", "subjects-right": "The person’s right to erasure", "decommissioning": "The hub is given up",
	}
	holdWords = words{
		"court": "Proceedings before a court", "police-investigation": "A police investigation", "public-inquiry": "A public inquiry",
		"safeguarding-review": "A child safeguarding practice review", "complaint-or-claim": "A complaint or claim",
	}
	stageWords = words{
		"asked": "Waiting for a second person", "pending": "Hidden", "withdrawn": "Taken back", "cancelled": "Being brought back",
		"undone": "Brought back", "begun": "Being destroyed", "carried-out": "Erased",
	}
)

type erasuresPage struct {
	base
	Erasures []erasureRow
	Holds    []holdRow
	Due      []dueRow
}

type dueRow struct{ Child, Since, Rule, Source string }

type erasureRow struct {
	ID                                        events.ErasureID
	Child, Of, Why, Reference, Asked, AskedBy string
	Stage, When                               string
	Held, MayConfirm, MayCancel               bool
	Once                                      string
}

type holdRow struct {
	ID                                          events.HoldID
	Child, Of, Why, Reference, Placed, PlacedBy string
	Stage                                       string
	MayLift                                     bool
	Once                                        string
}

func (g *Gateway) erasures(w http.ResponseWriter, r *http.Request, c *caller) error {
	st, err := g.Retention.List(r.Context())
	if err != nil {
		return err
	}
	p := erasuresPage{base: g.base(c, "Erasures and legal holds").at("/erasures").wide()}
	for _, e := range st.Erasures {
		p.Erasures = append(p.Erasures, g.erasureRow(c, e))
	}
	for _, h := range st.Holds {
		p.Holds = append(p.Holds, g.holdRow(c, h))
	}
	for _, d := range st.Due {
		p.Due = append(p.Due, dueRow{Child: string(d.Child), Since: g.cal.Day(d.Since), Rule: d.Rule, Source: d.Source})
	}
	return g.page(w, http.StatusOK, "erasures.html", p)
}

func (g *Gateway) erasureRow(c *caller, e retention.Erasure) erasureRow {
	row := erasureRow{ID: e.ID, Why: erasureWords.of(string(e.Why)), Reference: e.Reference, Asked: g.cal.Moment(e.AskedAt), AskedBy: g.deciderName(e.AskedBy),
		Stage: stageWords.of(string(e.Stage)), Held: e.Held, Once: newKey()}
	row.Child, row.Of = g.whom(e.Whom)
	switch {
	case e.Stage == retention.Pending:
		row.When = "until " + g.cal.Moment(*e.Due) + ", then destroyed"
	case e.EndedAt != nil:
		row.When = g.cal.Moment(*e.EndedAt)
	}
	first := e.AskedBy
	row.MayConfirm = e.Stage == retention.Asked && !e.Held && first.Actor != c.Reader.Actor && first.Role != c.Reader.Role
	row.MayCancel = e.Stage == retention.Asked || e.Stage == retention.Pending
	return row
}

func (g *Gateway) holdRow(c *caller, h retention.Hold) holdRow {
	row := holdRow{ID: h.ID, Why: holdWords.of(string(h.Why)), Reference: h.Reference, Placed: g.cal.Moment(h.PlacedAt), PlacedBy: g.deciderName(h.PlacedBy), Stage: "Stands", Once: newKey()}
	row.Child, row.Of = g.whom(h.Whom)
	asked := h.LiftAskedBy
	switch {
	case !h.Stands():
		row.Stage = "Lifted " + g.cal.Moment(*h.LiftedAt)
	case asked != nil:
		row.Stage = "Stands; " + g.deciderName(*asked) + " asks that it be lifted"
	}
	row.MayLift = h.Stands() && (asked == nil || asked.Actor != c.Reader.Actor && asked.Role != c.Reader.Role)
	return row
}

func (g *Gateway) whom(w events.Whom) (id, of string) {
	switch {
	case w.Subject != "":
		return string(w.Subject), "one person, as one agency knows them"
	case w.Agency != "":
		return string(w.Child), "what " + g.agencyName(w.Agency) + " shared"
	}
	return string(w.Child), "the whole record"
}

func (g *Gateway) deciderName(d events.Decider) string {
	return roleWords.of(string(d.Role)) + ", " + g.agencyName(d.Agency)
}

type keepPage struct {
	base
	form
	Action, Lede, Button string
}

func (g *Gateway) whomFields() []field {
	share := choice("agency", "What of it?", "", option{Value: "", Name: "All of it"})
	for _, a := range g.agencies() {
		share.Options = append(share.Options, option{Value: string(a.ID), Name: "What " + a.Name + " shared"})
	}
	return []field{
		text("child", "Number of the child", "As the ledger or the address of the child’s view has it.", ""),
		share,
		text("reference", "Reference of the decision", "Where the reasons are written down, for example IG-2026-014. Never a name.", "govuk-input--width-20"),
	}
}

func (g *Gateway) erasureForm() form {
	why := choice("why", "Why?", "")
	for _, x := range retention.Reasons() {
		why.Options = append(why.Options, option{Value: string(x), Name: erasureWords.of(string(x))})
	}
	return newForm(append(g.whomFields(), why)...)
}

func (g *Gateway) holdForm() form {
	why := choice("why", "Why must it be kept?", "")
	for _, x := range retention.HoldReasons() {
		why.Options = append(why.Options, option{Value: string(x), Name: holdWords.of(string(x))})
	}
	return newForm(append(g.whomFields(), why)...)
}

func (g *Gateway) erasurePage(c *caller, f form) keepPage {
	return keepPage{base: g.base(c, "Ask for an erasure").failed(f), form: f, Action: "/erasures", Button: "Ask for the erasure",
		Lede: "Nothing changes until somebody in another role confirms it. Then it is hidden from everybody at once, and destroyed after " + days(g.PendingFor) + " unless somebody takes it back."}
}

func (g *Gateway) holdPage(c *caller, f form) keepPage {
	return keepPage{base: g.base(c, "Place a legal hold").failed(f), form: f, Action: "/holds", Button: "Place the hold",
		Lede: "From now on nothing of it can be erased, whatever anybody decided before. Two people in two roles can lift it."}
}

func days(d time.Duration) string {
	if d == 0 {
		d = retention.PendingFor
	}
	return plural(int(d.Hours()/24), "day", "days")
}

func (g *Gateway) newErasure(w http.ResponseWriter, _ *http.Request, c *caller) error {
	return g.page(w, http.StatusOK, "erasure-new.html", g.erasurePage(c, g.erasureForm()))
}

func (g *Gateway) newHold(w http.ResponseWriter, _ *http.Request, c *caller) error {
	return g.page(w, http.StatusOK, "erasure-new.html", g.holdPage(c, g.holdForm()))
}

func (g *Gateway) sendErasure(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	_, err := g.askErasure(r, c, retention.EraseForm{Child: events.ChildID(posted(r, "child")), Agency: events.AgencyID(posted(r, "agency")),
		Why: events.ErasureReason(posted(r, "why")), Reference: posted(r, "reference")})
	if at, ok := mistakes(err, nil); ok {
		return g.page(w, http.StatusBadRequest, "erasure-new.html", g.erasurePage(c, g.erasureForm().again(r, at)))
	}
	return g.kept(w, r, err)
}

func (g *Gateway) sendHold(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	_, err := g.placeHold(r, c, retention.HoldForm{Child: events.ChildID(posted(r, "child")), Agency: events.AgencyID(posted(r, "agency")),
		Why: events.HoldReason(posted(r, "why")), Reference: posted(r, "reference")})
	if at, ok := mistakes(err, nil); ok {
		return g.page(w, http.StatusBadRequest, "erasure-new.html", g.holdPage(c, g.holdForm().again(r, at)))
	}
	return g.kept(w, r, err)
}

func (g *Gateway) sendErasureConfirm(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	return g.kept(w, r, g.confirmErasure(r, c))
}

func (g *Gateway) sendErasureCancel(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	return g.kept(w, r, g.Retention.Cancel(r.Context(), cause(r, c, ""), c.Reader.Role, erasureOf(r), posted(r, "reference")))
}

func (g *Gateway) sendHoldLift(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	return g.kept(w, r, g.Retention.Lift(r.Context(), cause(r, c, ""), c.Reader.Role, holdOf(r), posted(r, "reference")))
}

func (g *Gateway) kept(w http.ResponseWriter, r *http.Request, err error) error {
	if err != nil {
		return err
	}
	return redirect(w, r, "/erasures")
}
