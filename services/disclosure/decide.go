package disclosure

import (
	"slices"

	"kith/events"
	"kith/services/fault"
)

// consents are a child's, as far as a decision needs them.
type consents struct {
	given, withdrawn []events.ConsentID
}

func evolve(s consents, e events.Consent) consents {
	switch e := e.(type) {
	case events.ConsentGiven:
		s.given = append(slices.Clone(s.given), e.Consent)
	case events.ConsentWithdrawn:
		s.withdrawn = append(slices.Clone(s.withdrawn), e.Consent)
	default: // a ConsentRecord holds a ConsentGiven and so counts as one; no stream holds it
	}
	return s
}

func give(s consents, e events.ConsentGiven) ([]events.Consent, error) {
	if slices.Contains(s.given, e.Consent) {
		return nil, nil // the same request again
	}
	return []events.Consent{e}, nil
}

func withdraw(s consents, e events.ConsentWithdrawn) ([]events.Consent, error) {
	if !slices.Contains(s.given, e.Consent) {
		return nil, fault.NotFound
	}
	if slices.Contains(s.withdrawn, e.Consent) {
		return nil, nil
	}
	return []events.Consent{e}, nil
}
