package gateway

import (
	"net/http"
	"strconv"
	"time"

	"kith/events"
	"kith/services/fault"
	"kith/services/strategy"
)

// convened is the body that calls a strategy discussion; the child stands in the
// address.
type convened struct {
	At      time.Time         `json:"at"`
	Reason  string            `json:"reason"`
	Invited []events.AgencyID `json:"invited"`
}

func (g *Gateway) postDiscussion(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "convene"); err != nil {
		return err
	}
	body, err := decode[convened](w, r)
	if err != nil {
		return err
	}
	id, err := g.convene(r, c, body)
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusCreated, jsonType, done{Discussion: id})
}

func (g *Gateway) convene(r *http.Request, c *caller, b convened) (events.DiscussionID, error) {
	for i, a := range b.Invited {
		if g.agency(a).Kind == "" {
			return "", &fault.Error{Kind: fault.Invalid, Text: "The form is not complete.",
				At: []fault.Place{{Pointer: "invited/" + strconv.Itoa(i), Detail: "This agency does not take part in the partnership."}}}
		}
	}
	return g.Strategy.Convene(r.Context(), cause(r, c, events.PurposeSection47),
		strategy.ConveneForm{Child: childOf(r), At: b.At, Reason: b.Reason, Invited: b.Invited})
}

type childFormPage struct {
	base
	form
	Child      events.ChildID
	Discussion events.DiscussionID
	Consent    events.ConsentID
	Actions    []actionRow
}

func (g *Gateway) childForm(r *http.Request, c *caller, title string, f form) childFormPage {
	return childFormPage{base: g.base(c, title).failed(f), form: f, Child: childOf(r), Discussion: discussionOf(r),
		Consent: events.ConsentID(r.PathValue("consent"))}
}

func (g *Gateway) conveneForm(r events.Reader) form {
	invite := choice("invited", "Whom do you invite?", "At least the police and health, and whoever else knows the child.")
	for _, a := range g.agencies() {
		if a.ID != r.Agency {
			invite.Options = append(invite.Options, option{Value: string(a.ID), Name: a.Name + " (" + kindWords.of(string(a.Kind)) + ")"})
		}
	}
	return newForm(
		field{Name: "at", Label: "When is it held?", Type: "datetime-local", Class: "govuk-input--width-20", Strong: true},
		area("reason", "Why?", "The reasonable cause to suspect that the child is suffering, or likely to suffer, significant harm.", 4),
		invite)
}

func (g *Gateway) newDiscussion(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "convene"); err != nil {
		return err
	}
	return g.page(w, http.StatusOK, "convene.html", g.childForm(r, c, "Convene a strategy discussion", g.conveneForm(c.Reader)))
}

func (g *Gateway) sendDiscussion(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "convene"); err != nil {
		return err
	}
	if err := parseForm(w, r); err != nil {
		return err
	}
	b := convened{Reason: posted(r, "reason")}
	if at, _ := g.cal.parse("at", posted(r, "at")); at != nil {
		b.At = *at
	}
	for _, a := range r.PostForm["invited"] {
		b.Invited = append(b.Invited, events.AgencyID(a))
	}
	_, err := g.convene(r, c, b)
	if at, ok := mistakes(err, labels{"invited/0": {Pointer: "invited"}}); ok {
		return g.page(w, http.StatusBadRequest, "convene.html",
			g.childForm(r, c, "Convene a strategy discussion", g.conveneForm(c.Reader).again(r, at)))
	}
	if err != nil {
		return err
	}
	return back(w, r, events.PurposeSection47)
}

func (g *Gateway) postAttendee(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.attend(r, c); err != nil {
		return err
	}
	return writeOpen(w, http.StatusCreated, jsonType, done{Discussion: discussionOf(r)})
}

func (g *Gateway) sendAttendee(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	if err := g.attend(r, c); err != nil {
		return err
	}
	return back(w, r, events.PurposeSection47)
}

// attend records that the caller takes part, in the caller's own role.
func (g *Gateway) attend(r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "attend"); err != nil {
		return err
	}
	return g.Strategy.Attend(r.Context(), cause(r, c, events.PurposeSection47), childOf(r), discussionOf(r), string(c.Reader.Role))
}
