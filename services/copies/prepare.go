package copies

import (
	"time"

	"kith/events"
	"kith/services/copies/bundle"
	"kith/services/fault"
)

// Prepared is a copy as it would be, and what waits for two people.
type Prepared = bundle.Prepared

// Waiting is an item that waits for two people; see bundle.Waiting.
type Waiting = bundle.Waiting

// Archive writes a copy as a file; see bundle.Archive.
type Archive = bundle.Archive

// Line is one thing that a fact says.
type Line = bundle.Line

// Words say what a fact says; see bundle.Words.
type Words = bundle.Words

// Prepare chooses what is in the copy, of what the gate let whoever prepares it see.
func (r Requested) Prepare(c events.Copyable, at time.Time, w Words) Prepared {
	return bundle.Prepare(bundle.Request{CopyRequested: r.CopyRequested, Made: at, Judged: r.agreed(), Words: w}, c)
}

// Ready is nil when a copy may be handed over: enough people looked at where it goes.
func (r Requested) Ready(p Prepared) error {
	if len(r.Confirmed) >= Confirmations(p.Guarded) {
		return nil
	}
	if p.Guarded {
		return fault.New(fault.Conflict, "Nothing was made: two people have to confirm that it is safe to send it there.")
	}
	return fault.New(fault.Conflict, "Nothing was made: somebody has to confirm that it is safe to send it there.")
}
