package regime

import "kith/events"

// state is what stands: nothing, or a commencement.
type state struct{ stands *events.DutyCommenced }

func evolve(_ state, e events.Regime) state {
	switch e := e.(type) {
	case events.DutyCommenced:
		return state{&e}
	case events.DutyRevoked:
	default: // a RegimeRecord holds an event and so counts as one; no stream holds it
	}
	return state{}
}

func commence(s state, e events.DutyCommenced) ([]events.Regime, error) {
	if s.stands != nil && *s.stands == e {
		return nil, nil
	}
	return []events.Regime{e}, nil
}

func revoke(s state, e events.DutyRevoked) ([]events.Regime, error) {
	if s.stands == nil {
		return nil, nil
	}
	return []events.Regime{e}, nil
}
