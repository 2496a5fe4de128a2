package events

// Intake is an event of an intake stream: what became of one message that an
// agency sent. Only services/intake writes it.
//
//sumtype:decl
type Intake interface {
	Event
	intake()
}

// EventAccepted: the message is durable and its items lie in these streams.
type EventAccepted struct {
	Agency    AgencyID  `json:"agency"`
	Source    string    `json:"source"`
	EventID   string    `json:"eventId"`
	EventType Type      `json:"eventType"`
	Digest    string    `json:"digest"` // SHA-256 of the bytes as they were received, hex
	Items     []ItemRef `json:"items"`
}

// ItemRef says where an item lies.
type ItemRef struct {
	Item    ItemID    `json:"item"`
	Subject SubjectID `json:"subject"`
}

// EventRefused: the message was refused and is kept as it came.
type EventRefused struct {
	Agency   AgencyID    `json:"agency"`
	Source   string      `json:"source,omitempty"`
	EventID  string      `json:"eventId,omitempty"`
	Digest   string      `json:"digest"`
	Problems []Complaint `json:"problems"`
	Message  []byte      `json:"message"` // at most the size limit; the rest is cut off
}

// Complaint is one thing that is wrong with a message and how to mend it.
type Complaint struct {
	Code    string `json:"code"`              // for machines; see the refusal codes of services/intake
	Pointer string `json:"pointer,omitempty"` // JSON pointer into the CloudEvent
	Detail  string `json:"detail"`            // for people; never a value from the message
}

// EventSuperseded lies in the stream of an event that was accepted before: a later
// one of the same agency stands in its place, or withdraws it.
type EventSuperseded struct {
	Agency    AgencyID  `json:"agency"`
	By        string    `json:"by"` // CloudEvents id of the later event
	Withdrawn bool      `json:"withdrawn"`
	Items     []ItemRef `json:"items"` // that do not stand any more
}

func (EventAccepted) Type() Type { return "uk.kith.intake.event-accepted.v1" }
func (EventRefused) Type() Type  { return "uk.kith.intake.event-refused.v1" }

func (EventSuperseded) Type() Type { return "uk.kith.intake.event-superseded.v1" }

func (EventAccepted) event() {}
func (EventRefused) event()  {}

func (EventSuperseded) event()  {}
func (EventSuperseded) intake() {}

func (EventAccepted) intake() {}
func (EventRefused) intake()  {}
