package intake

import (
	"context"
	"fmt"

	"kith/events"
)

// unlawful says what of the basis that a message asserts is not open to its
// agency, by the decision table of events.Sharing. Who takes something back
// shares nothing: on whichever basis, that is never refused.
//
// It is no part of check, since it is not for ever: the schemas decide alike for
// ever, and what is lawful depends on who the agency is, on the day, and on
// whether the duty to share information has commenced in the area.
func (in *Intake) unlawful(ctx context.Context, msg message) ([]events.Complaint, error) {
	if _, ok := msg.report.Fact.(events.Withdrawal); ok {
		return nil, nil
	}
	now := in.now()
	s := events.Sharing{Kind: msg.agency.Kind, Body: msg.agency.Body, Type: msg.report.Type(), On: events.Date(now.Format("2006-01-02"))}
	problems := s.Unlawful(msg.report.Basis)
	if len(problems) > 0 && msg.report.Basis.Article6 == events.LegalObligation && in.duty != nil {
		var err error
		if s.Duty, err = in.duty(ctx, now); err != nil {
			return nil, fmt.Errorf("take a message of %s: %w", msg.agency.ID, err)
		}
		problems = s.Unlawful(msg.report.Basis)
	}
	for i, p := range problems {
		problems[i].Code = UnlawfulBasis
		if problems[i].Pointer = "/data/basis" + p.Pointer; msg.foreign {
			problems[i].Pointer = "" // it leads nowhere in what was sent
		}
	}
	return problems, nil
}
