package identity

import (
	"strings"

	"kith/events"
	"kith/services/fault"
)

// links is what must be known of one child's stream to decide; never stored.
type links map[events.SubjectID]standing

// standing is how a subject stands to the child.
type standing string

const (
	linked   standing = "linked"
	parted   standing = "parted" // was linked
	proposed standing = "proposed"
	declined standing = "declined"
)

func evolve(l links, e events.Identity) links {
	if l == nil {
		l = links{}
	}
	switch e := e.(type) {
	case events.SubjectLinked:
		l[e.Subject] = linked
	case events.SubjectUnlinked:
		l[e.Subject] = parted
	case events.LinkProposed:
		l[e.Subject] = proposed
	case events.LinkDeclined:
		l[e.Subject] = declined
	}
	return l
}

func link(l links, e events.SubjectLinked) ([]events.Identity, error) {
	if l[e.Subject] == linked {
		return nil, nil
	}
	return []events.Identity{e}, nil
}

// unlink is what the hub does to move a subject; see part for a person's wish.
func unlink(l links, e events.SubjectUnlinked) ([]events.Identity, error) {
	if l[e.Subject] != linked {
		return nil, nil
	}
	return []events.Identity{e}, nil
}

// propose asks once: what a person parted or declined is not asked again.
func propose(l links, e events.LinkProposed) ([]events.Identity, error) {
	if l[e.Subject] != "" {
		return nil, nil
	}
	return []events.Identity{e}, nil
}

func part(l links, e events.SubjectUnlinked) ([]events.Identity, error) {
	others := 0
	for s, st := range l {
		if st == linked && s != e.Subject {
			others++
		}
	}
	switch {
	case l[e.Subject] == parted:
		return nil, nil // asked twice
	case l[e.Subject] != linked:
		return nil, fault.NotFound
	case others == 0:
		return nil, fault.New(fault.Conflict, "No other record is linked to this child, so there is nothing to part it from.")
	}
	return []events.Identity{e}, nil
}

func decline(l links, e events.LinkDeclined) ([]events.Identity, error) {
	switch l[e.Subject] {
	case declined:
		return nil, nil // asked twice
	case proposed:
		return []events.Identity{e}, nil
	case linked:
		return nil, fault.New(fault.Conflict, "This record was linked to the child meanwhile. To part them, unlink it.")
	case parted:
		return nil, fault.New(fault.Conflict, "This record was unlinked from the child already.")
	default:
		return nil, fault.NotFound
	}
}

const maxReason = 2000 // characters; enough for a paragraph

func checkReason(reason string) error {
	switch n := len([]rune(strings.TrimSpace(reason))); {
	case n == 0:
		return invalid("reason", "Say why, in a sentence that a colleague can follow later.")
	case n > maxReason:
		return invalid("reason", "Say it in at most 2,000 characters.")
	}
	return nil
}

func invalid(field, detail string) error {
	return &fault.Error{Kind: fault.Invalid, Text: "The request is not complete.", At: []fault.Place{{Pointer: field, Detail: detail}}}
}
