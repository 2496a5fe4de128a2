package gateway

import (
	"net/http"
	"slices"
	"strings"

	"kith/events"
	"kith/services/education"
	"kith/services/fault"
)

// Three plain questions lead whoever shares to a lawful basis; a fourth group are
// the answers that paragraph 18 demands where it does not rest on consent.

// lawfulQuestions are the fields. Consent is neither chosen beforehand nor offered
// first, and none of them has an answer that nobody gave, but whom it protects:
// the form is about a child.
func (g *Gateway) lawfulQuestions(c *caller) []field {
	ground := func(v events.Ground, name string) option { return option{Value: string(v), Name: name} }
	harm := choice("harm", "Could somebody come to harm if you do not share this?", "Neglect is harm too, and so is what hurts a child’s feelings or development.",
		option{Value: string(events.HarmToLife), Name: "Yes: somebody’s life is in danger now"},
		option{Value: string(events.HarmPossible), Name: "Yes, or I cannot rule it out"},
		option{Value: string(events.HarmNone), Name: "No"})
	why := choice("ground", "Why do you not rest on their consent?", "You need no consent to safeguard a child. Choose what is true here.",
		ground(events.WouldPrejudiceSafety, "To ask would make it harder to protect the child"),
		ground(events.CannotReasonablyAsk, "We cannot reasonably be expected to get it, or a “no” would not stop us"),
		ground(events.CannotConsent, "Nobody is there who could consent"))
	harm.Inline, why.Inline = false, false
	protects := choice("protects", "Whom does it protect?", "", option{Value: events.SubjectUnder18, Name: "Somebody under 18"}, option{Value: events.SubjectAdultAtRisk, Name: "An adult at risk"})
	protects.Value = events.SubjectUnder18
	policy := text("policy", "Which policy document covers it, and which version of it?", "Your school’s appropriate policy document for safeguarding; for example: Safeguarding of pupils, version 3.", "")
	policy.Value = g.agency(c.Reader.Agency).PolicyDocument
	return []field{harm,
		choice("agreed", "If not: is it about help that the family may refuse, and did they agree that you share it?", "To agree to the help is not to agree to sharing. Leave this out if somebody could come to harm.", yesOrNo()...),
		why, area("necessity", "Why is it necessary to share this?", "One or two sentences: what those who get it can do that they could not do without it.", 2),
		protects, policy}
}

// lawfulOutcome is where the answers lead, in plain words.
type lawfulOutcome struct {
	Name, Plain, Demands, Law string
	Paragraph18               bool // its four answers are demanded
}

// sharing is what is open to whoever fills in the form. If it cannot be known
// whether the duty is in force it is not relied on: public task serves as well.
func (g *Gateway) sharing(r *http.Request, c *caller, typ events.Type) events.Sharing {
	s := events.Sharing{Kind: c.Reader.Kind, Body: g.agency(c.Reader.Agency).Body, Type: typ, On: events.Date(g.Now().Format("2006-01-02"))}
	if g.Duty != nil {
		duty, err := g.Duty(r.Context())
		s.Duty = duty && err == nil
	}
	return s
}

// lawful is the outcome of a form that was sent; nil as long as it leads to none.
func (g *Gateway) lawful(r *http.Request, c *caller, typ events.Type) *lawfulOutcome {
	f, ok := g.sharing(r, c, typ).Guide(answers(r))
	if !ok {
		return nil
	}
	return &lawfulOutcome{Name: article6Words.of(f.Condition), Plain: f.Plain, Demands: f.Demands, Law: f.Law,
		Paragraph18: f.Condition != string(events.ByConsent)}
}

func answers(r *http.Request) events.Answers {
	return events.Answers{Harm: events.Harm(posted(r, "harm")), Agreed: posted(r, "agreed") == "yes"}
}

// readLawful puts the answers into a form, and says what is missing.
func (g *Gateway) readLawful(r *http.Request, c *caller, form *education.ConcernForm) (at []fault.Place) {
	missing := func(field, detail string) { at = append(at, fault.Place{Pointer: field, Detail: detail}) }
	f, ok := g.sharing(r, c, events.Concern{}.Type()).Guide(answers(r))
	if !ok {
		missing("harm", "Say whether somebody could come to harm.")
		return at
	}
	if answers(r).Harm == events.HarmNone && posted(r, "agreed") == "" {
		missing("agreed", "Say whether the family agreed that you share it.")
	}
	if form.Basis = events.Article6(f.Condition); form.Basis == events.ByConsent {
		return at
	}
	form.Ground, form.Necessity = events.Ground(posted(r, "ground")), posted(r, "necessity")
	form.Protects, form.PolicyDocument = posted(r, "protects"), posted(r, "policy")
	if form.Ground == "" {
		missing("ground", "Say why you do not rest on consent.")
	}
	if form.Necessity == "" {
		missing("necessity", "Say why it is necessary to share this.")
	}
	if form.Protects == "" {
		missing("protects", "Say whom it protects.")
	}
	if !versioned(form.PolicyDocument) {
		missing("policy", "Name the policy document and its version, for example: Safeguarding of pupils, version 3.")
	}
	return at
}

// versioned reports whether the name of a document says which one: by a number or
// a day.
func versioned(document string) bool {
	return strings.ContainsAny(document, "0123456789") && slices.ContainsFunc(strings.Fields(document), func(w string) bool { return len(w) > 2 })
}

// lawfulLabels are the words beside the fields for what the service finds wrong.
func lawfulLabels() labels {
	return labels{"basis": {Pointer: "harm"}, "ground": {Pointer: "ground"}, "necessity": {Pointer: "necessity"},
		"protects": {Pointer: "protects"}, "policyDocument": {Pointer: "policy", Detail: "Name it in at most 200 characters."}}
}
