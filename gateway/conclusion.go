package gateway

import (
	"fmt"
	"net/http"
	"strings"

	"kith/events"
	"kith/services/fault"
	"kith/services/strategy"
)

// What a strategy discussion decided.

func (g *Gateway) postDecision(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "decide"); err != nil {
		return err
	}
	body, err := decode[strategy.DecisionForm](w, r)
	if err != nil {
		return err
	}
	if err := g.conclude(r, c, body); err != nil {
		return err
	}
	return writeOpen(w, http.StatusCreated, jsonType, done{Discussion: discussionOf(r)})
}

func (g *Gateway) conclude(r *http.Request, c *caller, f strategy.DecisionForm) error {
	return g.Strategy.Decide(r.Context(), cause(r, c, events.PurposeSection47), childOf(r), discussionOf(r), f)
}

// actionRow is one line of the form's actions.
type actionRow struct{ What, Owner, Due field }

// actionRows is how many lines the form has; there is no limit over the API.
const actionRows = 5

func decisionForm() form {
	fields := []field{
		choice("section47", "Is a section 47 enquiry initiated?", "", yesOrNo()...),
		choice("conduct", "If so, who carries it out?", "", option{Value: "single", Name: "Social care alone"}, option{Value: "joint", Name: "Social care and the police together"}),
		area("rationale", "Why?", "So that somebody who was not there can follow it.", 5),
	}
	for i := range actionRows {
		n := fmt.Sprint(i)
		fields = append(fields,
			field{Name: "what-" + n, Label: "What", Type: "text"}, field{Name: "owner-" + n, Label: "Who", Type: "text"},
			field{Name: "due-" + n, Label: "By", Type: "date"})
	}
	return newForm(fields...)
}

func (g *Gateway) decisionPage(r *http.Request, c *caller, f form) childFormPage {
	p := g.childForm(r, c, "Record a decision", f)
	for i := range actionRows {
		n := fmt.Sprint(i)
		p.Actions = append(p.Actions, actionRow{f.F["what-"+n], f.F["owner-"+n], f.F["due-"+n]})
	}
	return p
}

func (g *Gateway) newDecision(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "decide"); err != nil {
		return err
	}
	return g.page(w, http.StatusOK, "discussion-decision.html", g.decisionPage(r, c, decisionForm()))
}

func (g *Gateway) sendDecision(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "decide"); err != nil {
		return err
	}
	if err := parseForm(w, r); err != nil {
		return err
	}
	f, l, err := readDecision(r)
	if err == nil {
		err = g.conclude(r, c, f)
	}
	if at, ok := mistakes(err, l); ok {
		return g.page(w, http.StatusBadRequest, "discussion-decision.html", g.decisionPage(r, c, decisionForm().again(r, at)))
	}
	if err != nil {
		return err
	}
	return back(w, r, events.PurposeSection47)
}

// readDecision reads the form. Lines without a word are no actions, so the labels
// say which line each action came from.
func readDecision(r *http.Request) (strategy.DecisionForm, labels, error) {
	f := strategy.DecisionForm{Section47: posted(r, "section47") == "yes", Rationale: posted(r, "rationale")}
	if f.Section47 {
		f.Conduct = events.Conduct(posted(r, "conduct"))
	}
	l := labels{}
	for i := range actionRows {
		n := fmt.Sprint(i)
		a := events.Action{What: posted(r, "what-"+n), Owner: posted(r, "owner-"+n), Due: events.Date(posted(r, "due-"+n))}
		if strings.TrimSpace(a.What+a.Owner+string(a.Due)) == "" {
			continue
		}
		at := fmt.Sprintf("actions/%d/", len(f.Actions))
		for _, part := range []string{"what", "owner", "due"} {
			l[at+part] = fault.Place{Pointer: part + "-" + n}
		}
		f.Actions = append(f.Actions, a)
	}
	if posted(r, "section47") == "" {
		return f, l, &fault.Error{Kind: fault.Invalid, Text: "The form is not complete.",
			At: []fault.Place{{Pointer: "section47", Detail: "Say whether a section 47 enquiry is initiated."}}}
	}
	return f, l, nil
}
