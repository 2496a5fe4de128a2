package unusual

import (
	"slices"
	"time"

	"kith/events"
)

// Limits are where ordinary ends. They are data: a partnership changes them, not
// the program.
type Limits struct {
	CommonSurname   int           // a family name that more children have tells nothing
	NewsFor         time.Duration // how long a family stays in the news
	WalkChildren    int           // so many children …
	WalkWithin      time.Duration // … within this
	Misses          int           // searches in vain …
	MissesWithin    time.Duration // … within this
	NameSearches    int           // searches by name, and none by number …
	NameWithin      time.Duration // … within this
	NightFrom       int           // the hour from which …
	NightUntil      int           // … until which nobody works who is not on call
	Handover        time.Duration // after a change of team
	ClosedAfter     time.Duration // after a case was closed
	IdleFor         time.Duration // how long nothing happened in a case
	IdleDays        int           // on so many days somebody looked
	RepeatDays      int           // on so many days …
	RepeatWithin    time.Duration // … within this
	Purposes        int           // different purposes for one child …
	PurposesWithin  time.Duration // … within this
	Peers           int           // colleagues who have nothing to do with a child …
	PeersWithin     time.Duration // … within this
	OtherArea       int           // children of other areas …
	OtherAreaWithin time.Duration // … within this
	DormantFor      time.Duration // an account that was not used
	Grants          int           // break-glass grants …
	GrantsWithin    time.Duration // … within this
	Moments         int           // moments looked back to, of one child in a day
	ComplaintFor    time.Duration // after being told of a complaint
	NothingShown    int           // children in a day of whom nothing was shown
	RecentWork      time.Duration // work before a look that explains it
	FollowingWork   time.Duration // work after a look that explains it
	UsualPurposes   map[events.ReaderRole][]events.Purpose
	Explaining      []events.Tie // ties that explain a look by themselves
}

// Default are limits to begin with. They were chosen on generated months of work
// and on what people who review accesses say; see decision 39.
func Default() Limits {
	const day = 24 * time.Hour
	work := []events.Purpose{events.PurposeSection47, events.PurposeSection17, events.PurposeEarlyHelp}
	return Limits{
		CommonSurname: 4, NewsFor: 14 * day, WalkChildren: 15, WalkWithin: time.Hour, Misses: 8, MissesWithin: 30 * time.Minute,
		NameSearches: 10, NameWithin: 2 * time.Hour, NightFrom: 23, NightUntil: 5, Handover: 14 * day, ClosedAfter: 14 * day, IdleFor: 60 * day, IdleDays: 2,
		RepeatDays: 5, RepeatWithin: 14 * day, Purposes: 3, PurposesWithin: 15 * time.Minute, Peers: 5, PeersWithin: day,
		OtherArea: 3, OtherAreaWithin: 7 * day, DormantFor: 60 * day, Grants: 3, GrantsWithin: 7 * day, Moments: 5,
		ComplaintFor: 60 * day, NothingShown: 6, RecentWork: 30 * day, FollowingWork: 7 * day,
		UsualPurposes: map[events.ReaderRole][]events.Purpose{
			events.RoleDSL: work, events.RolePractitioner: work,
			events.RoleSocialWorker: append(slices.Clone(work), events.PurposeCarePlanning),
			events.RoleChair:        append(slices.Clone(work), events.PurposeCarePlanning, events.PurposeAudit),
			events.RoleGovernance:   {events.PurposeAudit, events.PurposeSubjectAccess},
		},
		Explaining: []events.Tie{events.TieAttending, events.TieInvited},
	}
}

// Pattern is one way of looking that somebody should look at.
type Pattern struct {
	Name  string // in codes
	Title string // in words
	Why   string // why it is asked about; for the reviewer
	Needs string // what has to be known beside the ledger
	find  finder
}

type finder func(*facts, func(...Look))

// Patterns are all of them, in the order of a list for people.
func Patterns() []Pattern {
	const staff, child = "the agencies’ staff registers", "what the hub holds of the child"
	const none, both = "nothing but the ledger", "the agencies’ staff registers; what the hub holds of the child"
	return []Pattern{
		{"own-child", "Their own child", "The child has the name and date of birth, or a number, of a child of the reader.", both, ownChild},
		{"colleagues-child", "A colleague’s child", "The child is one of a colleague of the reader’s agency.", both, colleaguesChild},
		{"neighbour", "Same postcode", "The child lives in the postcode in which the reader lives.", both, neighbour},
		{"same-surname", "Same family name", "The child has the reader’s family name, which few have, and the reader’s agency does no work with the child.", both, sameSurname},
		{"in-the-news", "In the news", "The family is in the news, and the reader had nothing to do with it before.", "what governance noted", inTheNews},
		{"bulk-walk", "Many children in a short time", "More children in an hour than anybody can work with.", none, bulkWalk},
		{"misses", "Searches in vain, one after another", "Somebody tries details until one of them fits.", none, searchedInVain},
		{"by-name-only", "Searches by name only", "Whoever works with a child has a number. Many searches in two hours, all by name.", none, byNameOnly},
		{"at-night", "At night", "Nobody in that post works at this hour, and the reader was not on call.", staff, atNight},
		{"after-leaving", "After leaving", "The reader’s post had ended.", staff, afterLeaving},
		{"former-team", "A child of a former team", "The reader left the team that works with the child, and the handover is over.", both, formerTeam},
		{"closed-case", "A closed case", "The case was closed a while ago and nothing happened in it since.", child, closedCase},
		{"no-work", "Nothing happens in the case", "On several days, in a case in which nobody has recorded anything for long.", child, noWork},
		{"again-and-again", "Again and again", "On many days within two weeks, and the reader’s agency did nothing.", child, againAndAgain},
		{"purpose-shopping", "One purpose after another", "Several purposes for one child within minutes: somebody tries which one shows most.", none, purposeShopping},
		{"peers", "Colleagues look at one child", "Several people of one agency who have nothing to do with the child, within a day: word goes round.", child, peers},
		{"other-area", "Children of another area", "Several children of areas where the reader does not work.", both, otherArea},
		{"dormant", "An account that slept", "The account was not used for long. Is it still its owner’s?", staff, dormant},
		{"far-from-role", "Far from the role", "The first look for a purpose that nobody in this role has.", none, farFromRole},
		{"break-glass", "Break-glass as a habit", "Exceptions that come often are none.", none, breakGlass},
		{"looking-back", "Looking back in steps", "One moment after another of the same child: somebody searches what was known when.", none, lookingBack},
		{"after-complaint", "After a complaint", "The family complained about the reader, who was told, and looks.", "what governance noted", afterComplaint},
		{"nothing-shown", "Nothing was shown, again and again", "Many children in a day of whom the reader may see nothing: somebody tries whom the hub knows.", none, nothingShown},
	}
}
