package education

import (
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

	FamilyTold bool          `json:"familyTold"`
	WhyNotTold string        `json:"whyNotTold"` // required if the family was not told
	Ground     events.Ground `json:"ground"`     // why consent is not relied on; if empty, that it cannot reasonably be obtained

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
	g := c.Ground
	if g == "" {
		g = events.CannotReasonablyAsk
	}
	native.Choose(f, "/ground", g, events.CannotConsent, events.CannotReasonablyAsk, events.WouldPrejudiceSafety)
	return safeguarding(g, "The school believes that the child may be at risk of harm, and social care has to decide what is needed.")
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
