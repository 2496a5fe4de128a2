package events

import "time"

// Access is an event of the ledger; only services/ledger writes it.
//
//sumtype:decl
type Access interface {
	Event
	access()
}

// ReadRecorded: somebody asked to see a child's data and this is what they
// were given. It is durable before the answer leaves.
type ReadRecorded struct {
	Reader    ActorID    `json:"reader"`
	Agency    AgencyID   `json:"agency"`
	Role      string     `json:"role"`
	Purpose   Purpose    `json:"purpose"`
	What      string     `json:"what"`            // "view", "search", "concern", "discussion"
	Child     ChildID    `json:"child,omitempty"` // none when nothing was found
	Shown     []ItemID   `json:"shown,omitempty"`
	Withheld  int        `json:"withheld"`
	Policy    string     `json:"policy,omitempty"` // hash of the policy set that decided
	AsKnownAt *time.Time `json:"asKnownAt,omitempty"`
}

func (ReadRecorded) Type() Type { return "uk.kith.access.read-recorded.v1" }
func (ReadRecorded) event()     {}
func (ReadRecorded) access()    {}
