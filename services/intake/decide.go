package intake

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"kith/events"
	"kith/events/store"
)

// state is what the stream of one source and id says: which message was accepted
// under that name, and where the log holds it.
type state struct {
	accepted *events.EventAccepted
	at       store.Appended

	superseded string // id of the event that stands in its place, or withdrew it
	refused    bool   // another message of that name was
}

func evolve(s state, e events.Intake, at store.Appended) state {
	switch e := e.(type) {
	case events.EventAccepted:
		s.accepted, s.at = &e, at
	case events.EventSuperseded:
		s.superseded = e.By
	case events.EventRefused: // the message itself lies in the quarantine
		s.refused = true
	}
	return s
}

// decide says what becomes of a message that is sound. The first of its name is
// accepted; the same event again adds nothing; another one under that name is
// refused, for a fact does not change: what was wrong is put right by a new one.
//
// The ids of items follow from name and content, so that the same items are the
// same event, however it was written down this time.
func decide(s state, m message, items []events.Item) ([]events.EventAccepted, []events.Complaint) {
	a := m.accepted(items)
	switch {
	case s.accepted == nil:
		return []events.EventAccepted{a}, nil
	case slices.Equal(s.accepted.Items, a.Items):
		return nil, nil
	default:
		return nil, complain(ReusedID, "/id", "names another event that was accepted before: give every event an id of its own; what was wrong in one is put right by a new one with the extension supersedes")
	}
}

// content names what a message states: the same for every way to write it.
func (m message) content() (string, error) {
	data, err := events.EncodeReport(m.report)
	if err != nil {
		return "", fmt.Errorf("take a message of %s: %w", m.agency.ID, err)
	}
	sum := sha256.Sum256(data)
	c := string(m.report.Type()) + "\x00" + string(sum[:])
	if m.supersedes != "" {
		c += "\x00" + m.supersedes
	}
	return c, nil
}

func (m message) accepted(items []events.Item) events.EventAccepted {
	a := events.EventAccepted{Agency: m.agency.ID, Source: m.source, EventID: m.id,
		EventType: m.report.Type(), Digest: m.digest}
	for _, i := range items {
		a.Items = append(a.Items, events.ItemRef{Item: i.ID, Subject: i.Subject})
	}
	return a
}

// itemise splits a report into one item for each person it is about. Ids follow
// from the cause, so that the same message makes the same items. What a child
// said is kept with the children only: nobody else's copy of the report, which
// that person may ask to see, shall hold it.
func itemise(m message, because string, pseudonym func(domain, value string) string) []events.Item {
	about := m.report.About
	subjects := make([]events.SubjectID, len(about))
	for i, p := range about {
		subjects[i] = events.SubjectID(pseudonym("subject", string(m.agency.ID)+"\x00"+p.LocalID))
	}
	items := make([]events.Item, len(about))
	for i, p := range about {
		items[i] = events.Item{
			ID:     events.ItemID(store.NewEventID(subjectStream(subjects[i]), because, m.report.Type(), 0).String()),
			Agency: m.agency.ID, Kind: m.agency.Kind, Source: m.source, EventID: m.id, Supersedes: m.supersedes,
			Subject: subjects[i], Person: p, Shared: m.report.Shared, Fact: m.report.Fact,
		}
		if p.Role != events.RoleChild {
			items[i].Voice = nil
		}
		for j, other := range about {
			if j != i {
				items[i].With = append(items[i].With, events.Companion{Subject: subjects[j], Role: other.Role})
			}
		}
	}
	return items
}

func subjectStream(s events.SubjectID) store.Stream { return store.Stream("subject-" + string(s)) }
