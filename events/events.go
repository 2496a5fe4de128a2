// Package events is the vocabulary of the hub: every fact any part of it may
// record, and nothing else. It imports only the standard library.
//
// Two kinds of thing live here. A Fact is what an agency states; it arrives in
// a Report, the data of a CloudEvent, and is kept as one Item for each person
// it is about. Everything else is an Event that the hub itself decided.
package events

import (
	"strings"
	"time"
)

type (
	AgencyID     string // one body that shares, for example "northshire-police": a-z, 0-9, hyphen
	AgencyKind   string // what sort of body it is; see the constants below
	SubjectID    string // a person as one agency knows them; an opaque pseudonym
	ChildID      string // a child: the set of subjects that are linked to it; opaque
	ItemID       string // one fact about one person; a UUID
	ActorID      string // who acted: an account or a service, never a person's name
	DiscussionID string // one strategy discussion; a UUID
	ConsentID    string // one consent record; a UUID
	Date         string // a day, YYYY-MM-DD
)

// The kinds of agency that ship with a vocabulary of their own.
const (
	KindPolice     AgencyKind = "police"
	KindHealth     AgencyKind = "health"
	KindEducation  AgencyKind = "education"
	KindSocialCare AgencyKind = "socialcare"
)

// Type names an event on the wire and on disk. Once released it never changes.
type Type string

// Family is the set a type belongs to, which for a fact is the kind of agency
// that may publish it: "police" of "uk.kith.police.missing-episode.v1".
func (t Type) Family() string {
	rest, _ := strings.CutPrefix(string(t), "uk.kith.")
	family, _, _ := strings.Cut(rest, ".")
	return family
}

// Event is a fact as the hub records it. The unexported method closes the set
// to this package.
type Event interface {
	Type() Type
	event()
}

// Fact is what an agency states happened. Each agency kind has a closed set.
type Fact interface {
	Type() Type
	fact()
}

// Report is the data of a CloudEvent that an agency publishes: one fact, the
// people it is about, and what is needed to decide who may see it.
type Report struct {
	Shared
	About []Person `json:"about"`
	Fact  Fact     `json:"fact"`
}

// Type is the CloudEvents type of the report.
func (r Report) Type() Type { return r.Fact.Type() }

// Item is one report as it concerns one person. It lies in that person's
// subject stream and is sealed under that subject's key.
type Item struct {
	ID      ItemID     `json:"item"`
	Agency  AgencyID   `json:"agency"`
	Kind    AgencyKind `json:"kind"`
	Source  string     `json:"source"`  // CloudEvents source
	EventID string     `json:"eventId"` // CloudEvents id
	// Supersedes is the id of an earlier event of the same source, in whose place
	// this one stands or which it withdraws.
	Supersedes string      `json:"supersedes,omitempty"`
	Subject    SubjectID   `json:"subject"`
	Person     Person      `json:"person"`
	With       []Companion `json:"with,omitempty"` // who else the report is about, by pseudonym
	Shared
	Fact Fact `json:"fact"`
}

func (i Item) Type() Type { return i.Fact.Type() }
func (Item) event()       {}

// Companion is another person of the same report, without their details: those
// are sealed under a key of their own.
type Companion struct {
	Subject SubjectID `json:"subject"`
	Role    Role      `json:"role"`
}

// Shared is what every report says beside its fact.
type Shared struct {
	OccurredAt time.Time `json:"occurredAt"` // when it happened
	RecordedAt time.Time `json:"recordedAt"` // when the agency wrote it down
	Basis      Basis     `json:"basis"`
	Label      Label     `json:"label"`
	Caveats    []Caveat  `json:"caveats,omitempty"`
	Informed   *Informed `json:"informed,omitempty"`
	Voice      *Voice    `json:"voice,omitempty"`
	Contact    Contact   `json:"contact"`
}

// Contact is whom to call at the agency about this: a team before a person.
type Contact struct {
	Team  string `json:"team"`
	Role  string `json:"role,omitempty"`
	Name  string `json:"name,omitempty"`
	Phone string `json:"phone,omitempty"`
	Email string `json:"email,omitempty"`
}

// Voice is what the child said, in the child's own words, or how the child
// seemed where there were no words.
type Voice struct {
	Words   string `json:"words"`
	HeardBy string `json:"heardBy,omitempty"` // a role, not a name
}

// Informed says whether the family was told that this is shared; if not, why.
type Informed struct {
	Told bool   `json:"told"`
	Why  string `json:"why,omitempty"` // required when not told
}
