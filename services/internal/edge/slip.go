package edge

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"kith/events"
	"kith/events/bus"
)

// slip is what stays of an event when its text goes: what a withdrawal of it has to
// say. Of a person it holds no more than the hub needs to know who is meant.
type slip struct {
	About   []events.Person `json:"about"`
	Label   events.Label    `json:"label"`
	Contact events.Contact  `json:"contact"`
}

// short leaves out what a withdrawal has no need of; nil if there is nobody, or if
// it is one itself.
func (s slip) short(typ string) *slip {
	if len(s.About) == 0 || withdraws(typ) {
		return nil
	}
	out := slip{Label: s.Label, Contact: s.Contact}
	for _, p := range s.About {
		q := events.Person{LocalID: p.LocalID, Role: p.Role}
		switch {
		case p.Role != events.RoleChild:
		case p.Identifiers != (events.Identifiers{}):
			q.Identifiers = p.Identifiers
		default:
			q.Name = p.Name // of a child the hub wants one of both
		}
		out.About = append(out.About, q)
	}
	return &out
}

// text is the slip as it is kept; nil for none.
func (s *slip) text() (any, error) {
	if s == nil {
		return nil, nil
	}
	b, err := json.Marshal(s)
	return string(b), err
}

func withdraws(typ string) bool { return strings.HasSuffix(typ, ".withdrawal.v1") }

var errNoSlip = errors.New("the outbox does not know whom it was about: make the withdrawal with kith trigger, with -supersedes")

// withdrawal is the event by which an agency takes back an event of its own, from
// what the outbox kept of it.
func (p past) withdrawal(source string, w events.Withdrawn, at time.Time) (row, error) {
	kind := events.AgencyKind(events.Type(p.typ).Family())
	fact := kind.Withdrawal(w)
	if p.slip == nil || fact == nil {
		return row{}, errNoSlip
	}
	// That what is wrong is put right is a duty: UK GDPR, Articles 5(1)(d) and 16.
	basis := events.Basis{Article6: events.LegalObligation}
	if kind == events.KindHealth {
		basis.Article9 = events.HealthOrSocialCare
	}
	e, err := bus.NewEvent(source, events.Notice{ID: withdrawalID(p.event), Report: events.Report{
		Shared: events.Shared{OccurredAt: at.UTC(), RecordedAt: at.UTC(), Basis: basis, Label: p.slip.Label, Contact: p.slip.Contact},
		About:  p.slip.About, Fact: fact,
	}})
	if err != nil {
		return row{}, err
	}
	e.SetExtension(supersedes, p.event)
	m, err := bus.Structured(e)
	if err != nil {
		return row{}, err
	}
	r := newRow(m.Body, "")
	r.record, r.version, r.made = p.record, p.version, asWithdrawal
	return r, nil
}

// withdrawalID follows from what is withdrawn, so that to withdraw it twice is to
// say the same.
func withdrawalID(event string) string {
	const longest = 200
	if id := "withdrawal:" + event; len(id) <= longest {
		return id
	}
	sum := sha256.Sum256([]byte(event))
	return "withdrawal:" + hex.EncodeToString(sum[:])
}
