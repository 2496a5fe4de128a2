package policy

import (
	"slices"
	"time"

	"kith/events"
)

// Item is what counts about an item for a reader of an agency. The consents are
// all that the child's family gave, whatever became of them. What a young person
// objects to and what a person ruled are for the caller to add.
func Item(it events.Item, reader events.AgencyID, consents []events.ConsentRecord, now time.Time) Thing {
	return Thing{
		Own:         it.Agency == reader,
		Kind:        it.Kind,
		Label:       it.Label,
		Guarded:     guarded(it.Label, it.Caveats),
		Basis:       it.Basis.Article6,
		Condition:   it.Basis.Article9,
		Paragraph18: complete(it.Basis.Paragraph18),
		Scope:       it.Basis.Scope,
		Consent:     standing(it.Basis, reader, consents, now),
		ThirdParty:  slices.Contains(it.Caveats, events.ThirdParty),
	}
}

// Address is what counts about the address that came with an item. It has a
// label of its own and is never less protected than the item.
func Address(item Thing, a events.Address) Thing {
	item.Guarded = item.Guarded || guarded(a.Label, nil)
	item.Label = stricter(item.Label, a.Label)
	return item
}

// stricter is the label that protects more. One that this build does not know
// protects most.
func stricter(a, b events.Label) events.Label {
	rising := []events.Label{events.Involvement, events.Core, events.Sensitive, events.Restricted}
	i, j := slices.Index(rising, a), slices.Index(rising, b)
	if i < 0 || (j >= 0 && i >= j) {
		return a
	}
	return b
}

func complete(p *events.Paragraph18) bool {
	if p == nil || p.Necessity == "" || p.PolicyDocument == "" {
		return false
	}
	switch p.Ground {
	case events.CannotConsent, events.CannotReasonablyAsk, events.WouldPrejudiceSafety:
		return p.Subject == events.SubjectUnder18 || p.Subject == events.SubjectAdultAtRisk
	}
	return false
}

// standing says how the consent stands that an item relies on. One consent in
// force that covers the reader is enough; otherwise the most telling reason.
func standing(b events.Basis, reader events.AgencyID, consents []events.ConsentRecord, now time.Time) Standing {
	if b.Article6 != events.ByConsent && b.Article9 != events.ExplicitConsent {
		return NotRelied
	}
	seen := map[Standing]bool{}
	for _, c := range consents {
		if c.Scope == b.Scope && b.Scope != "" {
			seen[stands(c, reader, now)] = true
		}
	}
	for _, s := range []Standing{InForce, WithOthers, Withdrawn, Expired} {
		if seen[s] {
			return s
		}
	}
	return NotGiven
}

func stands(c events.ConsentRecord, reader events.AgencyID, now time.Time) Standing {
	switch {
	case c.InForce(now) && Covers(c, reader):
		return InForce
	case c.InForce(now):
		return WithOthers
	case c.WithdrawnAt != nil && !now.Before(*c.WithdrawnAt):
		return Withdrawn
	case c.Until != nil && !now.Before(*c.Until):
		return Expired
	}
	return NotGiven
}

// Covers reports whether a consent lets an agency rely on it.
func Covers(c events.ConsentRecord, a events.AgencyID) bool {
	return len(c.Partners) == 0 || slices.Contains(c.Partners, a)
}
