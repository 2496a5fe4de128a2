package disclosure

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"kith/events"
	"kith/events/store"
)

// ConsentForm records that somebody agreed to information about a child being
// shared.
type ConsentForm struct {
	Child    events.ChildID    `json:"child"`
	By       events.ConsentBy  `json:"by"`
	Scope    events.Scope      `json:"scope"`
	Partners []events.AgencyID `json:"partners,omitempty"` // none named means all partners
	Until    *time.Time        `json:"until,omitempty"`
}

// WithdrawForm records that a consent was withdrawn.
type WithdrawForm struct {
	Child   events.ChildID   `json:"child"`
	Consent events.ConsentID `json:"consent"`
	By      events.ConsentBy `json:"by"`
	Reason  string           `json:"reason,omitempty"` // nobody has to give one
}

// longestReason is how much of a reason is kept, in characters.
const longestReason = 2000

// GiveConsent records a consent. What rests on it is shown from the next read
// on. The same request again gives the same id and changes nothing. Whether the
// actor may do so is for MayAct to say, before.
func (g *Gate) GiveConsent(ctx context.Context, c store.Cause, f ConsentForm) (events.ConsentID, error) {
	if err := g.checkGiven(f); err != nil {
		return "", err
	}
	e := events.ConsentGiven{Child: f.Child, By: f.By, Scope: f.Scope, Partners: f.Partners, Until: f.Until}
	e.Consent = events.ConsentID(store.NewEventID(consentStream(f.Child), c.Because, e.Type(), 0).String())
	return e.Consent, g.transact(ctx, f.Child, c, func(s consents) ([]events.Consent, error) { return give(s, e) })
}

// WithdrawConsent records that a consent was withdrawn; fault.NotFound if there
// is none with that id. To withdraw it again changes nothing. What rests on it
// is withheld from the next read on; what was shared stays recorded as shared.
func (g *Gate) WithdrawConsent(ctx context.Context, c store.Cause, f WithdrawForm) error {
	var wrong places
	if f.Child == "" {
		wrong.add("child", "Say which child it is about.")
	}
	if f.Consent == "" {
		wrong.add("consent", "Say which consent is withdrawn.")
	}
	checkBy(&wrong, f.By)
	if utf8.RuneCountInString(f.Reason) > longestReason {
		wrong.add("reason", "Say it in at most 2,000 characters.")
	}
	if err := wrong.err(); err != nil {
		return err
	}
	e := events.ConsentWithdrawn{Consent: f.Consent, Child: f.Child, By: f.By, Reason: f.Reason}
	return g.transact(ctx, f.Child, c, func(s consents) ([]events.Consent, error) { return withdraw(s, e) })
}

func (g *Gate) checkGiven(f ConsentForm) error {
	var wrong places
	if f.Child == "" {
		wrong.add("child", "Say which child it is about.")
	}
	checkBy(&wrong, f.By)
	if f.Scope != events.EarlyHelp {
		wrong.add("scope", "Say what it covers: early-help.")
	}
	for i, a := range f.Partners {
		at := fmt.Sprintf("partners/%d", i)
		if _, ok := g.register()[a]; !ok {
			wrong.add(at, "This agency does not take part in the partnership.")
		} else if slices.Index(f.Partners, a) < i {
			wrong.add(at, "Name each agency once.")
		}
	}
	if f.Until != nil && !f.Until.After(g.Now()) {
		wrong.add("until", "Choose a day that is still to come, or leave it out.")
	}
	return wrong.err()
}

// checkBy knows the two who may decide: somebody under 16 with capacity is a
// young person with capacity too.
func checkBy(wrong *places, by events.ConsentBy) {
	switch by {
	case events.ByParentalResponsibility, events.ByYoungPerson:
	default:
		wrong.add("by", "Say who decided: a person with parental responsibility, or the young person, with capacity.")
	}
}

func consentStream(child events.ChildID) store.Stream { return "consent-" + store.Stream(child) }

func (g *Gate) transact(ctx context.Context, child events.ChildID, c store.Cause, f func(consents) ([]events.Consent, error)) error {
	_, err := store.Transact(ctx, g.Store, consentStream(child), c, evolve, f)
	if err != nil && !absent(err) { // what is absent is the same value everywhere
		return fmt.Errorf("consent: %w", err)
	}
	return err
}
