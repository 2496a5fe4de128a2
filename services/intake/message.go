package intake

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"kith/events"
	"kith/events/bus"
)

// message is what an agency sent, as far as it could be read.
type message struct {
	agency events.Agency
	digest string
	source string
	id     string
	report events.Report

	supersedes string // id of an earlier event of the same source

	foreign bool // it was translated from what is not one of our events

	body []byte // as it came; of a message in binary mode, its structured form
}

// longest is how many characters an id may have.
const longest = 200

// ours is how every type begins that is not a foreign one.
const ours = "uk.kith."

// read says what a message states, or what is wrong with it. It touches nothing.
func (in *Intake) read(a events.Agency, m bus.Message) (message, []events.Complaint) {
	msg := message{agency: a, digest: bus.Digest(m), body: m.Body}
	if most := in.maxBytes(a.ID); len(m.Body) > most {
		return msg, complain(TooLarge, "", fmt.Sprintf("is larger than %d KiB: send a reference to what is large instead of the thing itself", most>>10))
	}
	e, err := bus.Decode(m)
	if err == nil && len(e.DataEncoded) == len(m.Body) { // only in binary mode is all of the body data
		if s, err := bus.Structured(e); err == nil {
			msg.body = s.Body
		}
	}
	if err != nil || !strings.HasPrefix(e.Type(), ours) {
		if n, ok := in.foreign(a.Kind, msg.body); ok {
			return msg.translated(n)
		}
	}
	if err != nil {
		return msg, malformed(err)
	}
	msg.source, msg.id = e.Source(), e.ID()
	if problems := append(msg.misnamed(), misplaced(m.Subject, e.Type())...); len(problems) > 0 {
		msg.source, msg.id = cut(msg.source), cut(msg.id)
		return msg, problems
	}
	if !bus.IsJSON(e.DataContentType()) {
		return msg, complain(Malformed, "/datacontenttype", "must be application/json, or left out: data of another kind is no report")
	}
	msg, problems := msg.superseding(e)
	if len(problems) > 0 {
		return msg, problems
	}
	if msg.report, problems = check(a.Kind, events.Type(e.Type()), e.Data()); len(problems) == 0 {
		problems = msg.aimless()
	}
	return msg, problems
}

// maxBytes is how large a message of an agency may be.
func (in *Intake) maxBytes(a events.AgencyID) int {
	if n := in.limits.For(a).MaxEventBytes; n > 0 {
		return min(n, MaxMessage)
	}
	return MaxMessage
}

// misnamed says what is wrong with source and id, which name a message for ever.
func (msg message) misnamed() (problems []events.Complaint) {
	if msg.source != msg.agency.Source {
		problems = complain(WrongSource, "/source", "is not the source under which this agency publishes, "+msg.agency.Source)
	}
	if !nameOfEvent(msg.id) {
		problems = append(problems, complain(Malformed, "/id", "must have at most 200 characters, all of them letters, digits and signs of ASCII, with spaces only between them")...)
	}
	return problems
}

// nameOfEvent: an id is what a machine calls an event. In ASCII no two ids look
// alike and differ, in letters of another alphabet or in some that nobody sees.
func nameOfEvent(id string) bool {
	return len(id) <= longest && strings.TrimSpace(id) == id && !strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r > '~' })
}

// misplaced: who watches the subjects of an account must be able to rely on what
// they say. A message that did not come over NATS has none.
func misplaced(subject, eventType string) []events.Complaint {
	if want := bus.SubjectFor(eventType); subject != "" && subject != want && strings.HasPrefix(eventType, ours) {
		return complain(WrongSubject, "/type", "is not the type of the NATS subject on which this came: publish each event to events.<kind>.<name> of its own type")
	}
	return nil
}

// cut keeps what is told back to the sender within bounds.
func cut(s string) string {
	if utf8.RuneCountInString(s) > longest {
		return ""
	}
	return s
}

// translated makes a message of what a translator understood of a foreign one. It
// has to fit the schema like any other; pointers would lead nowhere in the
// message as it was sent.
func (msg message) translated(n events.Notice) (message, []events.Complaint) {
	msg.source, msg.id, msg.foreign = msg.agency.Source, n.ID, true
	data, err := events.EncodeReport(n.Report)
	if err != nil || n.ID == "" {
		return msg, complain(Malformed, "", "could not be translated into an event of the hub")
	}
	var problems []events.Complaint
	msg.report, problems = check(msg.agency.Kind, n.Report.Type(), data)
	for i := range problems {
		problems[i].Pointer = ""
	}
	return msg, append(problems, msg.misnamed()...)
}

// malformed hands on what the codec complains of: it never repeats a value.
func malformed(err error) []events.Complaint {
	if m, ok := errors.AsType[*bus.Malformed](err); ok && len(m.Problems) > 0 {
		return m.Problems[:min(len(m.Problems), most)]
	}
	return complain(Malformed, "", "is not a CloudEvent in JSON")
}

// ahead is how far the clock of an agency may be ahead of ours.
const ahead = 24 * time.Hour

// future finds what cannot have happened yet: a mistyped year would stand at the
// end of every chronology.
func future(r events.Report, now time.Time) (problems []events.Complaint) {
	for _, t := range []struct {
		at      time.Time
		pointer string
	}{{r.OccurredAt, "/data/occurredAt"}, {r.RecordedAt, "/data/recordedAt"}} {
		if t.at.After(now.Add(ahead)) {
			problems = append(problems, complain(Future, t.pointer, "must not lie in the future")...)
		}
	}
	return problems
}
