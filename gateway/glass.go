package gateway

import (
	"net/http"

	"kith/events"
	"kith/services/disclosure"
)

// glassBody breaks the glass.
type glassBody struct {
	Child       events.ChildID   `json:"child,omitempty"`
	NHSNumber   string           `json:"nhsNumber,omitempty"`
	UPN         string           `json:"upn,omitempty"`
	Name        events.Name      `json:"name,omitzero"`
	DateOfBirth events.Date      `json:"dateOfBirth,omitempty"`
	Code        events.GlassCode `json:"code"`
	Words       string           `json:"words"`
	Case        string           `json:"case"`
}

func (b glassBody) form() disclosure.GlassForm {
	return disclosure.GlassForm{Child: b.Child, Code: b.Code, Words: b.Words, Case: b.Case,
		Query: events.Query{NHSNumber: b.NHSNumber, UPN: b.UPN, Name: b.Name, DateOfBirth: b.DateOfBirth}}
}

type glassAnswer struct {
	Notice events.GlassID `json:"notice"`
	Child  events.ChildID `json:"child"`
}

func (glassAnswer) open() {}

func (g *Gateway) postGlass(w http.ResponseWriter, r *http.Request, c *caller) error {
	b, err := decode[glassBody](w, r)
	if err != nil {
		return err
	}
	id, child, err := g.Gate.BreakGlass(r.Context(), c.Reader, cause(r, c, events.PurposeSection47), b.form())
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusCreated, jsonType, glassAnswer{id, child})
}

type glassPage struct {
	base
	form
}

func glassForm() form {
	code := choice("code", "What is the emergency?", "")
	for _, x := range []events.GlassCode{events.GlassDanger, events.GlassMissing, events.GlassOutOfHours, events.GlassOther} {
		code.Options = append(code.Options, option{Value: string(x), Name: glassWords.of(string(x))})
	}
	return newForm(code,
		area("words", "Why do you have to look now?", "In a few sentences. Whoever reviews it reads this.", 4),
		text("case", "Case or incident reference", "Of your own agency.", "govuk-input--width-20"),
		text("given", "Given name", "", ""), text("family", "Family name", "", ""),
		field{Name: "born", Label: "Date of birth", Type: "date", Class: "govuk-input--width-10", Strong: true},
		text("nhsNumber", "NHS number", "", "govuk-input--width-20"))
}

func (g *Gateway) newGlass(w http.ResponseWriter, _ *http.Request, c *caller) error {
	return g.page(w, http.StatusOK, "glass.html", glassPage{g.base(c, "Emergency access"), glassForm()})
}

func (g *Gateway) sendGlass(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	b := glassBody{NHSNumber: digitsOnly(posted(r, "nhsNumber")), Name: events.Name{Given: posted(r, "given"), Family: posted(r, "family")},
		DateOfBirth: events.Date(posted(r, "born")), Code: events.GlassCode(posted(r, "code")), Words: posted(r, "words"), Case: posted(r, "case")}
	_, child, err := g.Gate.BreakGlass(r.Context(), c.Reader, cause(r, c, events.PurposeSection47), b.form())
	if at, ok := mistakes(err, labels{"dateOfBirth": {Pointer: "born"}, "name": {Pointer: "given"}}); ok {
		f := glassForm().again(r, at)
		return g.page(w, http.StatusBadRequest, "glass.html", glassPage{g.base(c, "Emergency access").failed(f), f})
	}
	if err != nil {
		return err
	}
	return redirect(w, r, viewPath(child, events.PurposeSection47, nil, nil))
}
