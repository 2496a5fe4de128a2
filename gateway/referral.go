package gateway

import (
	"context"
	"net/http"

	"kith/events"
	"kith/events/bus"
	"kith/services/disclosure"
	"kith/services/socialcare"
)

// postReferralDecision records over the API what social care decided.
func (g *Gateway) postReferralDecision(w http.ResponseWriter, r *http.Request, c *caller) error {
	body, err := decode[referralDecision](w, r)
	if err != nil {
		return err
	}
	receipts, err := g.decideReferral(r.Context(), c, r.PathValue("reference"), body)
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusAccepted, jsonType, submitted{Reference: r.PathValue("reference"), Receipts: receipts})
}

// referralDecision is the body of a decision: the concern it is about stands in
// the address.
type referralDecision struct {
	Decision  events.Decision `json:"decision"`
	Rationale string          `json:"rationale"`
	NextStep  string          `json:"nextStep,omitempty"`
	Threshold string          `json:"threshold,omitempty"`
}

// decidePage shows the concern together with the form, so that nobody decides
// from memory.
type decidePage struct {
	concernView
	form
}

func (g *Gateway) decideForm() form {
	var os []option
	for _, d := range []events.Decision{events.DecideStrategyDiscussion, events.DecideAssessment, events.DecideFamilyHelp,
		events.DecideAlreadyOpen, events.DecideNoFurtherAction} {
		os = append(os, option{Value: string(d), Name: decisionWords.of(string(d))})
	}
	return newForm(
		choice("decision", "What do you decide?", "", os...),
		area("rationale", "Why?", "The school reads this. Tell them nothing about anybody else.", 4),
		area("nextStep", "What happens next?", "Who does what, by when. The school reads this too.", 2),
		text("threshold", "Threshold met", "As your partnership’s threshold document names it. You can leave it empty.", "govuk-input--width-20"),
	)
}

func (g *Gateway) newReferralDecision(w http.ResponseWriter, r *http.Request, c *caller) error {
	return g.showDecide(w, r, c, http.StatusOK, g.decideForm())
}

func (g *Gateway) showDecide(w http.ResponseWriter, r *http.Request, c *caller, status int, f form) error {
	d, err := g.Gate.Concern(r.Context(), c.Reader, r.PathValue("reference"))
	if err != nil {
		return err
	}
	b, now := g.base(c, "Decide on a concern").failed(f), g.Now()
	return showDisclosed(g, w, status, "decide.html", disclosure.Map(d, func(s events.ConcernStatus) decidePage {
		return decidePage{g.concernView(b, c.Reader, s, now), f}
	}))
}

func (g *Gateway) sendReferralDecision(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	ref := r.PathValue("reference")
	_, err := c.session.once(once(r), func() (string, error) {
		_, err := g.decideReferral(r.Context(), c, ref, referralDecision{Decision: events.Decision(posted(r, "decision")),
			Rationale: posted(r, "rationale"), NextStep: posted(r, "nextStep"), Threshold: posted(r, "threshold")})
		return ref, err
	})
	names := labels{"decision": {Pointer: "decision", Detail: "Choose what you decide."}, "rationale": {Pointer: "rationale", Detail: "Write why."}}
	if at, ok := mistakes(err, names); ok {
		return g.showDecide(w, r, c, http.StatusBadRequest, g.decideForm().again(r, at))
	}
	if err != nil {
		return err
	}
	return redirect(w, r, "/concerns/"+ref)
}

// decideReferral publishes a decision on a concern that the caller may read.
func (g *Gateway) decideReferral(ctx context.Context, c *caller, ref string, d referralDecision) ([]bus.Receipt, error) {
	if _, err := g.Gate.Concern(ctx, c.Reader, ref); err != nil {
		return nil, err
	}
	answer, err := g.Decide(ctx, c.Reader, socialcare.ReferralDecisionForm{Reference: ref, Decision: d.Decision,
		Rationale: d.Rationale, Threshold: d.Threshold, NextStep: d.NextStep, Contact: g.agency(c.Reader.Agency).Contact})
	if err != nil {
		return nil, err
	}
	return accepted([]bus.Answer{answer})
}
