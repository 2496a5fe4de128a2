package intake

import "kith/events"

// unlawful says what of the basis that a message asserts is not open to its
// agency, by the decision table of events.Sharing. Who takes something back
// shares nothing: on whichever basis, that is never refused.
//
// It is no part of check, since it is not for ever: the schemas decide alike for
// ever, and what is lawful depends on who the agency is and on the day.
func (in *Intake) unlawful(msg message) []events.Complaint {
	if _, ok := msg.report.Fact.(events.Withdrawal); ok {
		return nil
	}
	problems := in.sharing(msg).Unlawful(msg.report.Basis)
	for i, p := range problems {
		problems[i].Code = UnlawfulBasis
		if problems[i].Pointer = "/data/basis" + p.Pointer; msg.foreign {
			problems[i].Pointer = "" // it leads nowhere in what was sent
		}
	}
	return problems
}

func (in *Intake) sharing(msg message) events.Sharing {
	return events.Sharing{Kind: msg.agency.Kind, Body: msg.agency.Body, Type: msg.report.Type(), On: events.Date(in.now().Format("2006-01-02"))}
}
