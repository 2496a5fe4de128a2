package strategy

import (
	"strconv"
	"time"

	"kith/events"
	"kith/services/fault"
	"kith/services/strategy/rules"
)

// ConveneForm asks for a strategy discussion about a child.
type ConveneForm struct {
	Child   events.ChildID    `json:"child"`
	At      time.Time         `json:"at"` // when it is held
	Reason  string            `json:"reason"`
	Invited []events.AgencyID `json:"invited"`
}

func (f ConveneForm) check(packs rules.Packs) error {
	var c complaints
	c.when(f.Child == "", "child", "Say which child it is about.")
	c.when(blank(f.Reason), "reason", "Say why there is reasonable cause to suspect significant harm.")
	c.when(len(f.Invited) == 0, "invited", "Invite at least one other agency.")
	for i, a := range f.Invited {
		c.when(a == "", "invited/"+strconv.Itoa(i), "Name the agency.")
	}
	_, err := packs.Due(rules.InitialConference, packs.Day(f.At))
	c.when(f.At.IsZero() || err != nil, "at", "Say when the discussion is held: a day of this year or the next.")
	return c.err()
}

// DecisionForm is what a discussion decided.
type DecisionForm struct {
	Section47 bool            `json:"section47"`
	Conduct   events.Conduct  `json:"conduct,omitempty"`
	Rationale string          `json:"rationale"`
	Actions   []events.Action `json:"actions,omitempty"`
}

func (f DecisionForm) check() error {
	var c complaints
	c.when(blank(f.Rationale), "rationale", "Say why, so that somebody who was not there can follow it.")
	switch f.Conduct {
	case events.SingleAgency, events.JointAgency:
		c.when(!f.Section47, "conduct", "Leave it out where no section 47 enquiry is initiated.")
	case "":
		c.when(f.Section47, "conduct", "Say whether the enquiry is single or joint.")
	default:
		c.when(true, "conduct", "Say single or joint.")
	}
	for i, a := range f.Actions {
		at := "actions/" + strconv.Itoa(i) + "/"
		c.when(blank(a.What), at+"what", "Say what is to be done.")
		c.when(blank(a.Owner), at+"owner", "Say who does it: a role or an agency.")
		c.when(!rules.IsDay(a.Due), at+"due", "Say by which day, as YYYY-MM-DD.")
	}
	return c.err()
}

// complaints gathers all that is wrong with a form, so that it can be mended at once.
type complaints []fault.Place

func (c *complaints) when(wrong bool, field, detail string) {
	if wrong {
		*c = append(*c, fault.Place{Pointer: field, Detail: detail})
	}
}

func (c complaints) err() error {
	if len(c) == 0 {
		return nil
	}
	return &fault.Error{Kind: fault.Invalid, Text: "The form is not complete.", At: c}
}
