package events

import "time"

// Regime is an event of an area's regime stream; only services/regime writes it.
//
//sumtype:decl
type Regime interface {
	Event
	regime()
}

// DutyCommenced: in the area of a local authority the duty to share information
// (Children Act 2004, sections 16LA to 16LC) is in force from a moment. It takes
// the place of whatever was recorded before.
type DutyCommenced struct {
	Area       AgencyID  `json:"area"` // its local authority
	From       time.Time `json:"from"`
	Instrument string    `json:"instrument"` // the regulations that say so
}

// DutyRevoked: it is not in force from now; it was recorded in error, or repealed.
// What was shared under it meanwhile stays as it was.
type DutyRevoked struct {
	Area   AgencyID `json:"area"`
	Reason string   `json:"reason"`
}

func (DutyCommenced) Type() Type { return "uk.kith.regime.duty-commenced.v1" }
func (DutyRevoked) Type() Type   { return "uk.kith.regime.duty-revoked.v1" }

func (DutyCommenced) event()  {}
func (DutyRevoked) event()    {}
func (DutyCommenced) regime() {}
func (DutyRevoked) regime()   {}

// LegalRegime is all that was ever recorded of the law of an area, in order.
// What held at a moment is judged by what was recorded by then: what is recorded
// later changes no past read.
type LegalRegime []RegimeRecord

// RegimeRecord is an event with when the hub recorded it.
type RegimeRecord struct {
	Regime
	At time.Time
}

// Duty reports whether the duty to share information was in force at a moment,
// as the hub knew it then.
func (l LegalRegime) Duty(at time.Time) bool {
	d := l.known(at)
	return d != nil && !at.Before(d.From)
}

// Known is what of the duty was recorded by a moment, which may be that it
// commences later; false for nothing, or that it was revoked.
func (l LegalRegime) Known(at time.Time) (DutyCommenced, bool) {
	if d := l.known(at); d != nil {
		return *d, true
	}
	return DutyCommenced{}, false
}

func (l LegalRegime) known(at time.Time) (d *DutyCommenced) {
	for _, r := range l {
		if r.At.After(at) {
			break
		}
		switch e := r.Regime.(type) {
		case DutyCommenced:
			d = &e
		case DutyRevoked:
			d = nil
		default: // a RegimeRecord holds an event and so counts as one; none is recorded
		}
	}
	return d
}
