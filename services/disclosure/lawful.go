package disclosure

import (
	"context"
	"fmt"

	"kith/events"
)

// dutyGround is how the ground is called that is no policy of ours: the duty by
// which an agency was obliged to share.
const dutyGround = "legal-obligation"

// law reads the law of the area, if anything of a picture rests on a duty.
func (g *Gate) law(ctx context.Context, p events.Picture) (events.LegalRegime, error) {
	if g.Regime == nil {
		return nil, nil
	}
	for _, h := range p.Items {
		if h.Basis.Article6 == events.LegalObligation {
			l, err := g.Regime(ctx)
			if err != nil {
				return nil, fmt.Errorf("law of the area: %w", err)
			}
			return l, nil
		}
	}
	return nil, nil
}

// duty adds to the grounds on which an item is shown the provision that obliged
// its agency to share it: as the law was, and as the hub knew it, when the hub
// took the item. What commences or is revoked later changes nothing of that.
func (r *reading) duty(h events.Held, grounds []events.Grounds) []events.Grounds {
	if h.Basis.Article6 != events.LegalObligation {
		return grounds
	}
	s := events.Sharing{Kind: h.Kind, Body: r.agencies[h.Agency].Body, Type: h.Fact.Type(),
		On: events.Date(h.HubRecordedAt.Format("2006-01-02")), Duty: r.regime.Duty(h.HubRecordedAt)}
	f, ok := s.Standing(h.Basis)
	if !ok {
		return grounds // it was taken before anybody asked for a duty
	}
	return append(grounds[:len(grounds):len(grounds)], events.Grounds{Policy: dutyGround, Basis: f.Law})
}
