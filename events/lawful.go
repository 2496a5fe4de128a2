package events

import (
	"slices"
	"strings"
)

// Body is whether an agency is a public authority: Data Protection Act 2018,
// section 7. Some conditions of the UK GDPR are not for those.
type Body string

const (
	PublicBody      Body = "public"      // also what an agency is of which nothing else is registered
	IndependentBody Body = "independent" // a charity, an independent school or provider
)

// Footing is one line of the decision table: a condition of the UK GDPR that an
// agency may assert for what it shares, when that is the right one, and what has
// to be true then. Article says which: 6, 9 or 10.
type Footing struct {
	Article   int
	Condition string       // an Article6 or Article9; of Article 10 there is only paragraph 18
	Kinds     []AgencyKind // whose it is; none named means every kind
	Types     []Type       // for which facts; none named means all
	Body      Body         // empty if it does not matter
	Duty      bool         // only where the duty to share information has commenced
	Since     Date         // the first day of the law, if that is not long ago
	With      Article6     // of Article 9: beside which condition of Article 6 alone
	Plain     string       // when it is the right one
	Demands   string       // what has to be true, and be shown
	Law       string       // where that is written
}

// Sharing is what decides which conditions are open: who shares what, on which
// day, and whether the duty to share information (Children Act 2004, section
// 16LA) has commenced in the area by then.
type Sharing struct {
	Kind AgencyKind
	Body Body
	Type Type // empty: whatever it is
	On   Date
	Duty bool
}

// Footings lists what may be asserted of one article, the most usual first.
func (s Sharing) Footings(article int) (open []Footing) {
	for _, f := range footings() {
		if f.Article == article && f.open(s) {
			open = append(open, f)
		}
	}
	return open
}

// Standing is the line of Article 6 on which a basis stands; false if there is none.
func (s Sharing) Standing(b Basis) (Footing, bool) {
	for _, f := range s.Footings(6) {
		if f.Condition == string(b.Article6) {
			return f, true
		}
	}
	return Footing{}, false
}

// Unlawful says what of a basis the table does not allow: nothing if it may be
// asserted. The pointer is into the basis. That its parts fit one another is for
// the schema to say.
func (s Sharing) Unlawful(b Basis) (wrong []Complaint) {
	if _, ok := s.Standing(b); !ok {
		wrong = append(wrong, Complaint{Pointer: "/article6", Detail: s.instead6(b.Article6)})
	}
	if b.Article9 == "" {
		return wrong
	}
	for _, f := range s.Footings(9) {
		if f.Condition == string(b.Article9) && (f.With == "" || f.With == b.Article6) {
			return wrong
		}
	}
	return append(wrong, Complaint{Pointer: "/article9", Detail: s.instead9(b.Article9)})
}

// AllFootings is the whole table, for whoever wants to read it.
func AllFootings() []Footing { return footings() }

// open reports whether a line is for whoever shares.
func (f Footing) open(s Sharing) bool {
	return (len(f.Kinds) == 0 || slices.Contains(f.Kinds, s.Kind)) &&
		(len(f.Types) == 0 || s.Type == "" || slices.Contains(f.Types, s.Type)) &&
		(f.Body == "" || f.Body == s.body()) &&
		(!f.Duty || s.Duty) &&
		(f.Since == "" || s.On == "" || f.Since <= s.On)
}

func (s Sharing) body() Body {
	if s.Body == IndependentBody {
		return IndependentBody
	}
	return PublicBody
}

// instead6 says why a condition of Article 6 is not open, and what is.
func (s Sharing) instead6(a Article6) string {
	const usual = ". Assert public-task"
	switch {
	case (a == RecognisedLegitimateInterest || a == LegitimateInterests) && s.body() == PublicBody:
		return "is not for a public authority (UK GDPR Article 6(1); Data (Use and Access) Act 2025 section 70)" + usual +
			", or, if your agency is none, have the hub's operator register it as independent"
	case a == LegalObligation && !s.Duty:
		return "needs a duty to share this that is in force, and the hub knows of none for you: that of section 16LA of the Children Act 2004 has not commenced in this area" + usual
	}
	return "is not open to you here: you may assert " + s.listed(6)
}

// instead9 says the same of Article 9.
func (s Sharing) instead9(a Article9) string {
	switch a {
	case HealthOrSocialCare:
		return "is for those who provide health or social care (Data Protection Act 2018 Schedule 1 paragraph 2). Assert substantial-public-interest, with paragraph18"
	case VitalInterests9:
		return "goes only with vital-interests in article6. Assert substantial-public-interest, with paragraph18, if no life is in danger"
	default:
		return "is not open to you here: you may assert " + s.listed(9)
	}
}

func (s Sharing) listed(article int) string {
	var names []string
	for _, f := range s.Footings(article) {
		if !slices.Contains(names, f.Condition) {
			names = append(names, f.Condition)
		}
	}
	return strings.Join(names, ", ")
}
