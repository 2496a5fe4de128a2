package disclosure

import (
	"slices"

	"kith/events"
	"kith/services/disclosure/policy"
)

// That somebody looked is itself information: a parent who learns that the police
// did is warned, and a child may be hurt for it. So every entry of the ledger is
// labelled when it is made, by rules that see the kind of the reader's agency,
// the purpose and what was shown, and nothing else. (Denmark's audit entries have
// such labels, NotCitizen and NotGuardian; Estonia had to filter police queries
// out of what its Data Tracker shows.)

// seen is what counts, of all that somebody was shown, for the label.
type seen struct {
	secret bool // something that stays with its originator, or of a sort that this build does not know
	kept   bool // something of which a parent or carer is not to learn that it was looked at
}

// shows notes that an item is shown.
func (r *reading) shows(i events.Item) {
	r.entry.Shown = append(r.entry.Shown, i.ID)
	for _, c := range i.Caveats {
		switch c {
		case events.NoGuardian, events.ThirdParty:
			r.seen.kept = true
		default: // police intelligence, privilege, originator-controlled; and what is new
			r.seen.secret = true
		}
	}
	switch i.Label {
	case events.Involvement, events.Core:
	case events.Sensitive, events.Restricted:
		r.seen.kept = true
	default:
		r.seen.secret = true
	}
	untold := i.Informed != nil && !i.Informed.Told
	risky := i.Basis.Paragraph18 != nil && i.Basis.Paragraph18.Ground == events.WouldPrejudiceSafety
	shielded := i.Person.Address != nil && i.Person.Address.Label != events.Involvement && i.Person.Address.Label != events.Core
	r.seen.kept = r.seen.kept || untold || risky || shielded
}

// entered is what the ledger will say, labelled.
func (r *reading) entered() events.ReadRecorded {
	e := r.entry
	if e.Child != "" {
		e.Ties = tied(r.ties)
	}
	e.Label, e.Rule = entryLabel(e, r.seen)
	return e
}

// tied names ties, so that a review need not know what they were at the time.
func tied(t policy.Ties) (ts []events.Tie) {
	for _, tie := range []struct {
		is   bool
		name events.Tie
	}{
		{t.Holds, events.TieHolds}, {t.Concern, events.TieConcern}, {t.TookPart, events.TieTookPart},
		{t.Attending, events.TieAttending}, {t.Invited, events.TieInvited}, {t.Copying, events.TieCopying},
	} {
		if tie.is {
			ts = append(ts, tie.name)
		}
	}
	return ts
}

// entryLabel is decided by the first rule that fits, the strictest first. What no
// rule fits is covert.
func entryLabel(e events.ReadRecorded, s seen) (events.EntryLabel, string) {
	family := []events.Purpose{events.PurposeSection17, events.PurposeEarlyHelp, events.PurposeCarePlanning}
	for _, rule := range []struct {
		fits  bool
		label events.EntryLabel
		name  string
	}{
		{s.secret, events.EntryCovert, "originator-keeps-control"},
		{e.Kind == events.KindPolice, events.EntryCovert, "police-looked"},
		{!slices.Contains([]events.AgencyKind{events.KindHealth, events.KindEducation, events.KindSocialCare}, e.Kind), events.EntryCovert, "kind-not-known"},
		{e.Child == "", events.EntryOperational, "about-no-child"},
		{e.What == "message", events.EntryOperational, "sent-by-the-hub"},
		{e.Purpose == events.PurposeAudit || e.Purpose == events.PurposeSubjectAccess, events.EntryOperational, "governance"},
		{e.What == "concern", events.EntryNeverGuardian, "concern"},
		{e.Purpose == events.PurposeSection47, events.EntryNeverGuardian, "section-47"},
		{s.kept, events.EntryNeverGuardian, "kept-from-guardians"},
		{slices.Contains(family, e.Purpose), events.EntryReleasable, "work-with-the-family"},
	} {
		if rule.fits {
			return rule.label, rule.name
		}
	}
	return events.EntryCovert, "no-rule"
}
