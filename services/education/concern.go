package education

import (
	"cmp"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"kith/events"
	"kith/services/internal/native"
)

// ConcernForm is what a designated safeguarding lead fills in: the web page
// posts it and the API takes it.
type ConcernForm struct {
	Pupil

	ObservedAt string `json:"observedAt"` // RFC 3339; if empty, the moment of recording
	Observed   string `json:"observed"`   // what was seen, heard or said
	Words      string `json:"words"`      // the child's own words
	HeardBy    string `json:"heardBy"`    // who heard them: a role

	SafeNow   events.Safe `json:"safeNow"`
	Immediate bool        `json:"immediate"`
	DoneSoFar string      `json:"doneSoFar"`

	FamilyTold bool   `json:"familyTold"`
	WhyNotTold string `json:"whyNotTold"` // required if the family was not told

	// The lawful basis. On consent, there was a choice and the rest stays empty.
	Basis          events.Article6 `json:"basis"`          // if empty, public task
	Ground         events.Ground   `json:"ground"`         // why consent is not relied on; if empty, that it cannot reasonably be obtained
	Necessity      string          `json:"necessity"`      // why it has to be shared; if empty, that social care has to decide
	Protects       string          `json:"protects"`       // whom it protects: if empty, somebody under 18
	PolicyDocument string          `json:"policyDocument"` // the appropriate policy document, with its version

	AuthorRole string         `json:"authorRole"` // of whoever writes, such as "designated safeguarding lead"
	Contact    events.Contact `json:"contact"`
}

// Notice is the form as a notice with the id "concern:" and the reference, by
// which the school asks what became of it. It was recorded at that moment. What
// is wrong with the form is named by the JSON pointer of the field, such as
// "/observed"; its contact needs a team.
func (c ConcernForm) Notice(reference string, at time.Time) (events.Notice, error) {
	f := &native.Form{}
	f.Reference("/reference", reference)
	report := events.Report{
		Shared: events.Shared{
			OccurredAt: c.observedAt(f, at),
			RecordedAt: at.UTC(),
			Basis:      c.basis(f),
			Label:      events.Core,
			Informed:   c.informed(f),
			Voice:      c.voice(f),
			Contact:    c.contact(f),
		},
		About: []events.Person{c.person(f, "")},
		Fact: events.Concern{
			Reference: reference,
			Observed:  f.Prose("/observed", c.Observed),
			SafeNow:   native.Choose(f, "/safeNow", c.SafeNow, events.SafeYes, events.SafeNo, events.SafeUnsure),
			Immediate: c.Immediate,
			DoneSoFar: f.Long("/doneSoFar", c.DoneSoFar),
		},
	}
	return events.Notice{ID: "concern:" + reference, Report: report}, f.Err()
}

// Concern translates a concern that a school's own system hands over: the form
// with the system's reference and the moment at which it was recorded.
func Concern(raw []byte) ([]events.Notice, error) {
	r, err := native.Read[struct {
		ConcernForm
		Reference  string `json:"reference"`
		RecordedAt string `json:"recordedAt"`
	}](raw, json.RejectUnknownMembers(true))
	if err != nil {
		return nil, err
	}
	f := &native.Form{}
	at := f.Instant("/recordedAt", r.RecordedAt)
	n, err := r.Notice(r.Reference, at)
	f.Within("", err)
	if err := f.Err(); err != nil {
		return nil, err
	}
	return []events.Notice{n}, nil
}

func (c ConcernForm) observedAt(f *native.Form, recorded time.Time) time.Time {
	if c.ObservedAt == "" {
		return recorded.UTC()
	}
	t := f.Instant("/observedAt", c.ObservedAt)
	if t.After(recorded) {
		f.Wrong("/observedAt", "a moment before it was recorded")
	}
	return t
}

func (c ConcernForm) basis(f *native.Form) events.Basis {
	condition := native.Choose(f, "/basis", cmp.Or(c.Basis, events.PublicTask), events.PublicTask, events.LegalObligation,
		events.VitalInterests, events.RecognisedLegitimateInterest, events.LegitimateInterests, events.ByConsent)
	if condition == events.ByConsent {
		return c.agreed(f)
	}
	g := native.Choose(f, "/ground", cmp.Or(c.Ground, events.CannotReasonablyAsk), events.CannotConsent, events.CannotReasonablyAsk, events.WouldPrejudiceSafety)
	b := safeguarding(g, "The school believes that the child may be at risk of harm, and social care has to decide what is needed.")
	b.Article6, b.Paragraph18.Subject = condition, native.Choose(f, "/protects", cmp.Or(c.Protects, events.SubjectUnder18), events.SubjectUnder18, events.SubjectAdultAtRisk)
	if why := f.AtMost("/necessity", strings.TrimSpace(c.Necessity), 2000); why != "" {
		b.Paragraph18.Necessity = why
	}
	if document := f.Short("/policyDocument", strings.TrimSpace(c.PolicyDocument)); document != "" {
		b.Paragraph18.PolicyDocument = document
	}
	return b
}

// agreed is the basis of what the family agreed to share: with consent nothing is
// said of sharing without it.
func (c ConcernForm) agreed(f *native.Form) events.Basis {
	for _, p := range []struct{ at, v string }{{"/ground", string(c.Ground)}, {"/necessity", c.Necessity}, {"/protects", c.Protects}, {"/policyDocument", c.PolicyDocument}} {
		if p.v != "" {
			f.Wrong(p.at, "nothing: the family agreed, and paragraph 18 is for sharing without that")
		}
	}
	return events.Basis{Article6: events.ByConsent, Article9: events.ExplicitConsent, Scope: events.EarlyHelp}
}

func (c ConcernForm) informed(f *native.Form) *events.Informed {
	out := &events.Informed{Told: c.FamilyTold}
	if !c.FamilyTold {
		out.Why = f.AtMost("/whyNotTold", f.Text("/whyNotTold", c.WhyNotTold), 2000)
	}
	return out
}

func (c ConcernForm) voice(f *native.Form) *events.Voice {
	out := events.Voice{Words: f.Long("/words", c.Words), HeardBy: f.Short("/heardBy", c.HeardBy)}
	if out.Words == "" {
		if out.HeardBy != "" {
			f.Wrong("/words", "the words that were heard")
		}
		return nil
	}
	return &out
}

func (c ConcernForm) contact(f *native.Form) events.Contact {
	out := f.Contact("/contact", c.Contact)
	if out.Role == "" {
		out.Role = f.Short("/authorRole", c.AuthorRole)
	}
	return out
}
