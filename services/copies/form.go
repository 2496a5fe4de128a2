package copies

import (
	"time"

	"kith/events"
	"kith/services/fault"
)

// check says all that is wrong with a request.
func (f RequestForm) check(today events.Date) error {
	var at []fault.Place
	wrong := func(is bool, where, what string) {
		if is {
			at = append(at, fault.Place{Pointer: where, Detail: what})
		}
	}
	r := f.Recipient
	wrong(f.Child == "", "child", "Say which child it is about.")
	switch r.Kind {
	case events.RecipientChild, events.RecipientCourt:
	case events.RecipientParent:
		wrong(!r.ParentalResponsibility, "responsibility", "Only somebody with parental responsibility may ask in a child’s place. Check it; what is about the person themselves is asked for from each agency.")
		wrong(!isDay(r.Born), "born", "Give the parent’s date of birth: a name alone does not tell them from others.")
	default:
		wrong(true, "kind", "Say who asks: the child, a parent or a court.")
	}
	wrong(blank(r.Name.Family), "family", "Say who the copy is for.")
	wrong(f.For != events.ForSubjectAccess && f.For != events.ForCourt, "for", "Say what it is for.")
	wrong(f.For == events.ForCourt != (r.Kind == events.RecipientCourt) && r.Kind != "" && f.For != "", "for", "A court orders a copy; the child or a parent asks to see it.")
	wrong(blank(f.Identity), "identity", "Say how you checked that they are who they say.")
	wrong(len(r.SendTo) == 0, "sendTo", "Say where the copy is to go, as they gave it to you now.")
	wrong(!isDay(f.Received) || f.Received > today, "received", "Give the day on which the request came. It is not later than today.")
	return invalid(at)
}

func checkJudgment(e events.CopyItemJudged) error {
	var at []fault.Place
	switch e.Judgment {
	case events.CopyInclude, events.CopyWithhold:
	case events.CopyWithout:
		if len(e.Without) == 0 {
			at = append(at, fault.Place{Pointer: "without", Detail: "Write the words to leave out, as they stand there."})
		}
	default:
		at = append(at, fault.Place{Pointer: "judgment", Detail: "Say whether it is included, withheld, or included without some words."})
	}
	if blank(e.Reason) {
		at = append(at, fault.Place{Pointer: "reason", Detail: "Say why."})
	}
	return invalid(at)
}

func isDay(d events.Date) bool {
	_, err := time.Parse(time.DateOnly, string(d))
	return err == nil
}

// due is one month after a request came: the same day of the next month, or its last
// if it has none such; if that is no working day, the next that is (UK GDPR Article
// 12(3), as the Information Commissioner counts).
func (c *Copies) due(received events.Date) (events.Date, error) {
	from, err := time.Parse(time.DateOnly, string(received))
	if err != nil {
		return "", fault.New(fault.Invalid, "The day on which the request came is no day.")
	}
	t := time.Date(from.Year(), from.Month()+1, from.Day(), 0, 0, 0, 0, time.UTC)
	if t.Day() != from.Day() {
		t = t.AddDate(0, 0, -t.Day())
	}
	for range 14 {
		if d := events.Date(t.Format(time.DateOnly)); c.WorkingDay(d) {
			return d, nil
		}
		t = t.AddDate(0, 0, 1)
	}
	return "", fault.New(fault.Unavailable, "The day by which it is due cannot be worked out: the bank holidays of that year are not known yet.")
}
