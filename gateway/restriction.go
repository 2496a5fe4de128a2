package gateway

import (
	"net/http"
	"strings"

	"kith/events"
	"kith/services/disclosure"
)

// conflictBody declares that a member of staff is related to a child, or to
// whoever is described.
type conflictBody struct {
	Actor       events.ActorID  `json:"actor"`
	Agency      events.AgencyID `json:"agency"`
	Relation    events.Relation `json:"relation"`
	Child       events.ChildID  `json:"child,omitempty"`
	NHSNumber   string          `json:"nhsNumber,omitempty"`
	UPN         string          `json:"upn,omitempty"`
	Name        events.Name     `json:"name,omitzero"`
	DateOfBirth events.Date     `json:"dateOfBirth,omitempty"`
	Address     []string        `json:"address,omitempty"`
	Postcode    string          `json:"postcode,omitempty"`
}

func (b conflictBody) form() disclosure.ConflictForm {
	p := events.Person{Name: b.Name, DateOfBirth: b.DateOfBirth, Identifiers: events.Identifiers{UPN: b.UPN}}
	if b.NHSNumber != "" {
		p.Identifiers.NHSNumber = &events.NHSNumber{Value: b.NHSNumber, Status: events.NHSVerified}
	}
	if len(b.Address) > 0 {
		p.Address = &events.Address{Lines: b.Address, Postcode: b.Postcode}
	}
	return disclosure.ConflictForm{Account: events.Account{Actor: b.Actor, Agency: b.Agency}, Relation: b.Relation, Child: b.Child, Person: p}
}

// keptAnswer is the answer to what keeps somebody from a child, or lifts that.
type keptAnswer struct {
	Conflict    events.ConflictID    `json:"conflict,omitempty"`
	Restriction events.RestrictionID `json:"restriction,omitempty"`
	Lift        events.LiftID        `json:"lift,omitempty"`
}

func (keptAnswer) open() {}

func (g *Gateway) postConflict(w http.ResponseWriter, r *http.Request, c *caller) error {
	b, err := decode[conflictBody](w, r)
	if err != nil {
		return err
	}
	id, err := g.Gate.DeclareConflict(r.Context(), c.Reader, cause(r, c, ""), b.form())
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusCreated, jsonType, keptAnswer{Conflict: id})
}

// restrictionBody keeps a child from all but those named.
type restrictionBody struct {
	Category events.RestrictionCategory `json:"category"`
	Known    []events.Account           `json:"known,omitempty"`
}

func (g *Gateway) postRestriction(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "open"); err != nil {
		return err
	}
	b, err := decode[restrictionBody](w, r)
	if err != nil {
		return err
	}
	id, err := g.Gate.Restrict(r.Context(), c.Reader, cause(r, c, ""), disclosure.RestrictionForm{Child: childOf(r), Category: b.Category, Known: b.Known})
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusCreated, jsonType, keptAnswer{Restriction: id})
}

type restrictionsAnswer struct {
	Restrictions []disclosure.RestrictionStatus `json:"restrictions"`
	Conflicts    []disclosure.ConflictStatus    `json:"conflicts"`
}

func (restrictionsAnswer) open() {}

func (g *Gateway) getRestrictions(w http.ResponseWriter, r *http.Request, c *caller) error {
	rs, cs, err := g.Gate.Restrictions(r.Context(), c.Reader)
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusOK, jsonType, restrictionsAnswer{rs, cs})
}

func (g *Gateway) postRestrictionReview(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.Gate.Review(r.Context(), c.Reader, cause(r, c, ""), events.RestrictionID(r.PathValue("restriction"))); err != nil {
		return err
	}
	return writeOpen(w, http.StatusOK, jsonType, status{"settled"})
}

// liftBody is what the first of two people wants.
type liftBody struct {
	Restriction  events.RestrictionID `json:"restriction,omitempty"`
	Conflict     events.ConflictID    `json:"conflict,omitempty"`
	Admit        *events.Account      `json:"admit,omitempty"`
	DangerToLife bool                 `json:"dangerToLife,omitempty"`
}

func (g *Gateway) postLift(w http.ResponseWriter, r *http.Request, c *caller) error {
	b, err := decode[liftBody](w, r)
	if err != nil {
		return err
	}
	id, err := g.Gate.ProposeLift(r.Context(), c.Reader, cause(r, c, ""), disclosure.LiftForm(b))
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusCreated, jsonType, keptAnswer{Lift: id})
}

func (g *Gateway) postLiftApproval(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.Gate.ApproveLift(r.Context(), c.Reader, cause(r, c, ""), events.LiftID(r.PathValue("lift"))); err != nil {
		return err
	}
	return writeOpen(w, http.StatusOK, jsonType, status{"settled"})
}

type restrictionsPage struct {
	base
	Rows      []restrictionRow
	Conflicts []restrictionRow
	Declare   bool
}

type restrictionRow struct {
	N                                int
	ID, Child, ChildPath, Title, Why string
	Known                            int
	Placed, ReviewBy                 string
	Overdue                          bool
	Lifts                            []liftRow
	Once                             string
}

type liftRow struct {
	ID, What, By, Proposed, From, Until, Once string
	Open                                      bool // the second may approve
}

// restrictions is the page of what is restricted, for those who may know of it.
func (g *Gateway) restrictions(w http.ResponseWriter, r *http.Request, c *caller) error {
	rs, cs, err := g.Gate.Restrictions(r.Context(), c.Reader)
	if err != nil {
		return err
	}
	p := restrictionsPage{base: g.base(c, "Restricted records").at("/restrictions").wide(), Declare: governance(g, c.Reader)}
	for i, x := range rs {
		row := restrictionRow{N: i + 1, ID: string(x.Restriction), Child: string(x.Child), Title: categoryWords.of(string(x.Category)), Known: len(x.Known),
			Placed: g.cal.Moment(x.PlacedAt), ReviewBy: g.cal.Date(x.ReviewBy), Overdue: x.Overdue, Lifts: g.liftRows(x.Lifts), Once: newKey()}
		if !governance(g, c.Reader) {
			row.ChildPath = "/children/" + string(x.Child)
		}
		p.Rows = append(p.Rows, row)
	}
	for i, x := range cs {
		p.Conflicts = append(p.Conflicts, restrictionRow{N: i + 1, ID: string(x.Conflict), Title: relationWords.of(string(x.Relation)), Why: g.agencyName(x.Agency),
			Placed: g.cal.Moment(x.DeclaredAt), Lifts: g.liftRows(x.Lifts), Once: newKey()})
	}
	return g.page(w, http.StatusOK, "restrictions.html", p)
}

func (g *Gateway) liftRows(ls []disclosure.LiftStatus) (rows []liftRow) {
	now := g.Now()
	for _, l := range ls {
		row := liftRow{ID: string(l.Lift), What: "Lift it", By: roleWords.of(string(l.Role)) + ", " + g.agencyName(l.Agency), Proposed: g.cal.Moment(l.ProposedAt),
			From: g.cal.Moment(l.From), Until: g.cal.Moment(l.Until), Open: !now.Before(l.From), Once: newKey()}
		if l.Admit != nil {
			row.What = "Let one more account know of the child: " + string(l.Admit.Actor) + ", " + g.agencyName(l.Admit.Agency)
		}
		rows = append(rows, row)
	}
	return rows
}

func (g *Gateway) sendRestrictionReview(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	if err := g.Gate.Review(r.Context(), c.Reader, cause(r, c, ""), events.RestrictionID(r.PathValue("restriction"))); err != nil {
		return err
	}
	return redirect(w, r, "/restrictions")
}

func (g *Gateway) sendLift(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	f := disclosure.LiftForm{Restriction: events.RestrictionID(posted(r, "restriction")), Conflict: events.ConflictID(posted(r, "conflict")), DangerToLife: posted(r, "danger") == "yes"}
	if a := posted(r, "actor"); a != "" {
		f.Admit = &events.Account{Actor: events.ActorID(a), Agency: events.AgencyID(posted(r, "agency"))}
	}
	if _, err := g.Gate.ProposeLift(r.Context(), c.Reader, cause(r, c, ""), f); err != nil {
		return err
	}
	return redirect(w, r, "/restrictions")
}

func (g *Gateway) sendLiftApproval(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	if err := g.Gate.ApproveLift(r.Context(), c.Reader, cause(r, c, ""), events.LiftID(r.PathValue("lift"))); err != nil {
		return err
	}
	return redirect(w, r, "/restrictions")
}

func (g *Gateway) restrictForm() form {
	return newForm(
		choice("category", "Why is the record restricted?", "",
			option{Value: string(events.ForAdoption), Name: categoryWords.of(string(events.ForAdoption))},
			option{Value: string(events.ForIdentity), Name: categoryWords.of(string(events.ForIdentity))},
			option{Value: string(events.ForWitness), Name: categoryWords.of(string(events.ForWitness))},
			option{Value: string(events.ForStaffKin), Name: categoryWords.of(string(events.ForStaffKin))},
			option{Value: string(events.ForHighRisk), Name: categoryWords.of(string(events.ForHighRisk))}),
		area("known", "Who else may know of the child?", "One account a line: the account as it stands in the ledger, a space, and the id of its agency. You are among them.", 4))
}

func (g *Gateway) newRestriction(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "open"); err != nil {
		return err
	}
	return g.page(w, http.StatusOK, "restrict.html", g.childForm(r, c, "Restrict a record", g.restrictForm()))
}

func (g *Gateway) sendRestriction(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "open"); err != nil {
		return err
	}
	if err := parseForm(w, r); err != nil {
		return err
	}
	f := disclosure.RestrictionForm{Child: childOf(r), Category: events.RestrictionCategory(posted(r, "category")), Known: accountsIn(posted(r, "known"))}
	_, err := g.Gate.Restrict(r.Context(), c.Reader, cause(r, c, ""), f)
	if at, ok := mistakes(err, nil); ok {
		return g.page(w, http.StatusBadRequest, "restrict.html", g.childForm(r, c, "Restrict a record", g.restrictForm().again(r, at)))
	}
	if err != nil {
		return err
	}
	return redirect(w, r, "/restrictions")
}

type conflictPage struct {
	base
	form
}

func (g *Gateway) conflictForm(r events.Reader) form {
	agencies := choice("agency", "At which agency do they work?", "")
	for _, a := range g.agencies() {
		if a.ID == r.Agency || r.Agency == g.Authority {
			agencies.Options = append(agencies.Options, option{Value: string(a.ID), Name: a.Name})
		}
	}
	relations := choice("relation", "What are they to the person below?", "With “It is they themselves” conflicts are found by themselves: wherever a report describes them, or somebody at their address.")
	for _, x := range []events.Relation{events.RelationSelf, events.RelationFamily, events.RelationHousehold, events.RelationFriend, events.RelationNeighbour, events.RelationOther} {
		relations.Options = append(relations.Options, option{Value: string(x), Name: relationWords.of(string(x))})
	}
	return newForm(
		text("account", "Account of the member of staff", "As it stands in the ledger.", "govuk-input--width-20"), agencies, relations,
		text("given", "Given name", "", ""), text("family", "Family name", "", ""),
		field{Name: "born", Label: "Date of birth", Type: "date", Class: "govuk-input--width-10", Strong: true},
		text("nhs", "NHS number", "", "govuk-input--width-20"),
		area("address", "Address", "One line a line.", 3), text("postcode", "Postcode", "", "govuk-input--width-10"))
}

func (g *Gateway) newConflict(w http.ResponseWriter, _ *http.Request, c *caller) error {
	return g.page(w, http.StatusOK, "conflict.html", conflictPage{g.base(c, "Declare a conflict of interest").at("/restrictions"), g.conflictForm(c.Reader)})
}

func (g *Gateway) sendConflict(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	b := conflictBody{Actor: events.ActorID(posted(r, "account")), Agency: events.AgencyID(posted(r, "agency")), Relation: events.Relation(posted(r, "relation")),
		NHSNumber: digitsOnly(posted(r, "nhs")), Name: events.Name{Given: posted(r, "given"), Family: posted(r, "family")},
		DateOfBirth: events.Date(posted(r, "born")), Address: linesOf(posted(r, "address")), Postcode: posted(r, "postcode")}
	_, err := g.Gate.DeclareConflict(r.Context(), c.Reader, cause(r, c, ""), b.form())
	if at, ok := mistakes(err, labels{"actor": {Pointer: "account"}, "child": {Pointer: "given", Detail: "Give a number, a name with the date of birth, or an address with the postcode."}}); ok {
		f := g.conflictForm(c.Reader).again(r, at)
		return g.page(w, http.StatusBadRequest, "conflict.html", conflictPage{g.base(c, "Declare a conflict of interest").at("/restrictions").failed(f), f})
	}
	if err != nil {
		return err
	}
	return redirect(w, r, "/restrictions")
}

// linesOf are the lines of a text that say something.
func linesOf(text string) (lines []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// accountsIn are accounts as a form has them, one a line.
func accountsIn(text string) (as []events.Account) {
	for _, line := range linesOf(text) {
		actor, agency, _ := strings.Cut(line, " ")
		as = append(as, events.Account{Actor: events.ActorID(actor), Agency: events.AgencyID(strings.TrimSpace(agency))})
	}
	return as
}
