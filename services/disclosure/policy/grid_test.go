package policy

import (
	"time"

	"kith/events"
)

// axes are the values of which every combination is tried.
type axes struct {
	kinds    []events.AgencyKind
	shared   []events.Shared // label and caveats
	bases    []events.Basis
	consents [][]events.ConsentRecord
	roles    []events.ReaderRole
	readers  []who // kind of agency, authority
	purposes []events.Purpose
	ties     []Ties
}

// grid is what every run tries: a value of each sort that the agreement tells
// apart. The whole grid, with -whole, has every value and some that no agency
// should send.
func grid() axes {
	a := axes{
		kinds:  []events.AgencyKind{events.KindPolice, events.KindHealth, events.KindEducation, events.KindSocialCare},
		shared: labelled(false),
		bases:  bases(false), consents: consentWorlds()[:5],
		roles: []events.ReaderRole{events.RoleDSL, events.RolePractitioner, events.RoleSocialWorker, events.RoleChair, events.RoleGovernance},
		readers: []who{{kind: events.KindPolice}, {kind: events.KindHealth}, {kind: events.KindEducation},
			{kind: events.KindSocialCare}, {kind: events.KindSocialCare, authority: true}},
		purposes: []events.Purpose{events.PurposeSection47, events.PurposeSection17, events.PurposeEarlyHelp, events.PurposeCarePlanning, events.PurposeAudit, events.PurposeSubjectAccess},
		ties: []Ties{{}, {Holds: true}, {Concern: true}, {TookPart: true}, {TookPart: true, Attending: true}, {Invited: true}, {Holds: true, Copying: true},
			{Holds: true, Concern: true, TookPart: true, Attending: true, Copying: true, Barred: true}},
	}
	if *whole {
		a.kinds = append(a.kinds, "charity")
		a.shared, a.bases, a.consents = labelled(true), bases(true), consentWorlds()
		a.roles = append(a.roles, "visitor")
		a.readers = append(a.readers, who{kind: "charity"})
		a.purposes = append(a.purposes, "")
		a.ties = append(a.ties, Ties{Holds: true, Concern: true}, Ties{Holds: true, Invited: true, TookPart: true, Attending: true})
	}
	return a
}

// readersOf lists everybody who may meet a thing.
func (a axes) readersOf(th Thing) []who {
	var ws []who
	for _, w := range a.readers {
		if th.Own && w.kind != th.Kind {
			continue
		}
		w.agency = mine
		for _, w.role = range a.roles {
			for _, w.purpose = range a.purposes {
				for _, w.ties = range a.ties {
					ws = append(ws, w)
				}
			}
		}
	}
	return ws
}

// things makes every item in every world of consents and groups those that are
// one thing to a policy. The oracle sees each by itself, so that what the
// grouping loses would show.
func (a axes) things() map[Thing][]sample {
	groups := map[Thing][]sample{}
	for _, agency := range []events.AgencyID{mine, theirs} {
		for _, kind := range a.kinds {
			for _, shared := range a.shared {
				for _, shared.Basis = range a.bases {
					for _, cs := range a.consents {
						it := events.Item{Agency: agency, Kind: kind, Shared: shared}
						th := Item(it, mine, cs, noon())
						groups[th] = append(groups[th], sample{it, cs})
					}
				}
			}
		}
	}
	return groups
}

func labelled(all bool) []events.Shared {
	labels := []events.Label{events.Involvement, events.Core, events.Sensitive, events.Restricted}
	caveats := [][]events.Caveat{nil, {events.OriginatorControlled}}
	if all {
		labels = append(labels, "", "secret")
		caveats = append(caveats, []events.Caveat{events.NoGuardian}, []events.Caveat{events.ThirdParty, events.NoGuardian},
			[]events.Caveat{events.PoliceIntelligence}, []events.Caveat{events.NoGuardian, events.LegalPrivilege}, []events.Caveat{"not-yet-known"})
	}
	var ss []events.Shared
	for _, l := range labels {
		for _, cs := range caveats {
			ss = append(ss, events.Shared{Label: l, Caveats: cs})
		}
	}
	return ss
}

func bases(all bool) []events.Basis {
	complete := &events.Paragraph18{Ground: events.WouldPrejudiceSafety, Necessity: "n", Subject: events.SubjectUnder18, PolicyDocument: "p"}
	half := &events.Paragraph18{Ground: events.CannotConsent, Subject: events.SubjectUnder18, PolicyDocument: "p"}
	a6 := []events.Article6{events.ByConsent, events.PublicTask, events.LegitimateInterests}
	scopes := []events.Scope{events.EarlyHelp}
	conditions := []events.Basis{{}, {Article9: events.SubstantialPublicInterest, Paragraph18: complete},
		{Article9: events.SubstantialPublicInterest, Paragraph18: half}, {Article9: events.ExplicitConsent}}
	if all {
		a6 = append(a6, events.LegalObligation, events.VitalInterests, events.RecognisedLegitimateInterest, "")
		scopes = append(scopes, "", "holiday-club")
		conditions = append(conditions, events.Basis{Article9: events.SubstantialPublicInterest}, events.Basis{Paragraph18: complete},
			events.Basis{Article9: events.HealthOrSocialCare}, events.Basis{Article9: events.VitalInterests9}, events.Basis{Article9: "9(2)(z)"})
	}
	var bs []events.Basis
	for _, six := range a6 {
		for _, scope := range scopes {
			for _, b := range conditions {
				b.Article6, b.Scope = six, scope
				bs = append(bs, b)
			}
		}
	}
	return bs
}

// consentWorlds are the ways in which consents may stand at noon; the first
// five differ in kind.
func consentWorlds() [][]events.ConsentRecord {
	given, earlier, later := noon().AddDate(0, 0, -9), noon().Add(-time.Hour), noon().Add(time.Hour)
	with := func(scope events.Scope, until, withdrawn *time.Time, partners ...events.AgencyID) events.ConsentRecord {
		return events.ConsentRecord{GivenAt: given, WithdrawnAt: withdrawn,
			ConsentGiven: events.ConsentGiven{Scope: scope, Until: until, Partners: partners}}
	}
	const eh = events.EarlyHelp
	notYet := with(eh, nil, nil)
	notYet.GivenAt = later
	return [][]events.ConsentRecord{
		nil,
		{with(eh, &later, nil, mine, third)},
		{with(eh, nil, nil, third)},
		{with(eh, &earlier, nil)},
		{with(eh, nil, &earlier)},

		{notYet},
		{with(eh, nil, nil)},
		{with(eh, nil, &earlier), with(eh, nil, nil)},
		{with(eh, nil, &earlier), with(eh, nil, nil, third), with(eh, &earlier, nil)},
		{with("holiday-club", nil, nil)},
	}
}
