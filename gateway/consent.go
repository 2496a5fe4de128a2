package gateway

import (
	"net/http"
	"time"

	"kith/events"
	"kith/services/disclosure"
)

// given is the body that records consent to share for early help.
type given struct {
	By       events.ConsentBy  `json:"by"`
	Scope    events.Scope      `json:"scope"`
	Partners []events.AgencyID `json:"partners,omitempty"`
	Until    *time.Time        `json:"until,omitempty"`
}

func (g *Gateway) postConsent(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "consent"); err != nil {
		return err
	}
	body, err := decode[given](w, r)
	if err != nil {
		return err
	}
	id, err := g.giveConsent(r, c, body)
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusCreated, jsonType, done{Consent: id})
}

// withdrawn is the body that records that a consent was withdrawn.
type withdrawn struct {
	By     events.ConsentBy `json:"by"`
	Reason string           `json:"reason,omitempty"`
}

func (g *Gateway) postWithdrawal(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "consent"); err != nil {
		return err
	}
	body, err := decode[withdrawn](w, r)
	if err != nil {
		return err
	}
	if err := g.withdrawConsent(r, c, body); err != nil {
		return err
	}
	return writeOpen(w, http.StatusOK, jsonType, done{Consent: events.ConsentID(r.PathValue("consent"))})
}

func by(label string) field {
	return choice("by", label, "", option{Value: string(events.ByParentalResponsibility), Name: "A person with parental responsibility"},
		option{Value: string(events.ByYoungPerson), Name: "The young person, who has the capacity to decide"})
}

func (g *Gateway) consentForm() form {
	partners := choice("partners", "With whom may it be shared?", "Choose none if it may be shared with all partners.")
	for _, a := range g.agencies() {
		partners.Options = append(partners.Options, option{Value: string(a.ID), Name: a.Name})
	}
	return newForm(by("Who gave consent?"), partners,
		field{Name: "until", Label: "Until when?", Hint: "Leave it empty if they named no day.", Type: "date", Class: "govuk-input--width-10", Strong: true})
}

func (g *Gateway) newConsent(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "consent"); err != nil {
		return err
	}
	return g.page(w, http.StatusOK, "consent.html", g.childForm(r, c, "Record consent", g.consentForm()))
}

func (g *Gateway) sendConsent(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "consent"); err != nil {
		return err
	}
	if err := parseForm(w, r); err != nil {
		return err
	}
	b := given{By: events.ConsentBy(posted(r, "by")), Scope: events.EarlyHelp}
	for _, p := range r.PostForm["partners"] {
		b.Partners = append(b.Partners, events.AgencyID(p))
	}
	if day := g.cal.day(events.Date(posted(r, "until"))); !day.IsZero() {
		end := day.Add(12 * time.Hour) // to the end of that day
		b.Until = &end
	}
	_, err := g.giveConsent(r, c, b)
	if at, ok := mistakes(err, nil); ok {
		return g.page(w, http.StatusBadRequest, "consent.html", g.childForm(r, c, "Record consent", g.consentForm().again(r, at)))
	}
	if err != nil {
		return err
	}
	return back(w, r, events.PurposeEarlyHelp)
}

func withdrawalForm() form {
	return newForm(by("Who withdrew it?"), area("reason", "Did they say why?", "They need no reason. Leave it empty if they gave none.", 3))
}

func (g *Gateway) newWithdrawal(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "consent"); err != nil {
		return err
	}
	return g.page(w, http.StatusOK, "withdraw.html", g.childForm(r, c, "Record a withdrawal", withdrawalForm()))
}

func (g *Gateway) sendWithdrawal(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "consent"); err != nil {
		return err
	}
	if err := parseForm(w, r); err != nil {
		return err
	}
	err := g.withdrawConsent(r, c, withdrawn{By: events.ConsentBy(posted(r, "by")), Reason: posted(r, "reason")})
	if at, ok := mistakes(err, nil); ok {
		return g.page(w, http.StatusBadRequest, "withdraw.html", g.childForm(r, c, "Record a withdrawal", withdrawalForm().again(r, at)))
	}
	if err != nil {
		return err
	}
	return back(w, r, events.PurposeEarlyHelp)
}

func (g *Gateway) giveConsent(r *http.Request, c *caller, b given) (events.ConsentID, error) {
	return g.Gate.GiveConsent(r.Context(), cause(r, c, events.PurposeEarlyHelp),
		disclosure.ConsentForm{Child: childOf(r), By: b.By, Scope: b.Scope, Partners: b.Partners, Until: b.Until})
}

func (g *Gateway) withdrawConsent(r *http.Request, c *caller, b withdrawn) error {
	return g.Gate.WithdrawConsent(r.Context(), cause(r, c, events.PurposeEarlyHelp),
		disclosure.WithdrawForm{Child: childOf(r), Consent: events.ConsentID(r.PathValue("consent")), By: b.By, Reason: b.Reason})
}
