package bus

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/cloudevents/sdk-go/v2/event"

	"kith/events"
)

// Refusal says that the hub did not take a message, and why. To repeat the
// message as it is will not help.
type Refusal struct {
	Agency   events.AgencyID    `json:"agency"`
	Source   string             `json:"source,omitempty"` // as far as they could be read
	ID       string             `json:"id,omitempty"`
	Digest   string             `json:"digest"`
	Problems []events.Complaint `json:"problems"`
}

// Answer is what became of one message: exactly one of Receipt and Refusal is
// set. Digest names the message.
type Answer struct {
	Receipt *Receipt `json:"receipt,omitempty"`
	Refusal *Refusal `json:"refusal,omitempty"`
	Digest  string   `json:"digest"`
}

// The events and subjects by which an agency learns of receipts and refusals.
// The id of the event is the digest of the message.
const (
	TypeReceipt     = "uk.kith.hub.receipt.v1"
	TypeRefusal     = "uk.kith.hub.refusal.v1"
	SubjectReceipts = "inbox.receipts"
	SubjectRefusals = "inbox.refusals"
	SourceHub       = "urn:kith:hub"
)

// refusedSuffix ends the id of a refusal in an inbox that is read over HTTP. What was
// refused may be accepted later, byte for byte, and a receiver that remembers ids
// must not take the receipt for the refusal come again. On NATS, where agencies
// wait for the digest, it is the digest alone.
const refusedSuffix = "-refused"

// errNoAnswer reports an event that is no receipt and no refusal.
var errNoAnswer = errors.New("neither a receipt nor a refusal")

// AnswerOf reads the answer from an event of inbox.receipts or inbox.refusals.
// It does not verify the signature: see Verify.
func AnswerOf(e event.Event) (Answer, error) {
	a := Answer{Digest: strings.TrimSuffix(e.ID(), refusedSuffix)}
	var err error
	switch e.Type() {
	case TypeReceipt:
		a.Receipt = &Receipt{}
		err = json.Unmarshal(e.Data(), a.Receipt)
	case TypeRefusal:
		a.Refusal = &Refusal{}
		err = json.Unmarshal(e.Data(), a.Refusal)
	default:
		return Answer{}, errNoAnswer
	}
	if err != nil || a.said() != a.Digest {
		return Answer{}, errNoAnswer // its text could hold a value
	}
	return a, nil
}

// said is the digest that the receipt or refusal names.
func (a Answer) said() string {
	switch {
	case a.Receipt != nil && a.Refusal == nil:
		return a.Receipt.Digest
	case a.Refusal != nil && a.Receipt == nil:
		return a.Refusal.Digest
	default:
		return ""
	}
}

// event makes the CloudEvent of an answer and says on which subject it goes.
func (a Answer) event() (subject string, e event.Event, err error) {
	if a.Digest == "" || a.said() != a.Digest {
		return "", event.Event{}, errors.New("an answer needs a digest and one of receipt and refusal")
	}
	e = event.New()
	e.SetID(a.Digest)
	e.SetSource(SourceHub)
	e.SetDataContentType(typeJSON)
	var data any = a.Refusal
	subject = SubjectRefusals
	e.SetType(TypeRefusal)
	if a.Receipt != nil {
		subject, data = SubjectReceipts, a.Receipt
		e.SetType(TypeReceipt)
		e.SetTime(a.Receipt.AcceptedAt)
	}
	if e.DataEncoded, err = json.Marshal(data); err != nil {
		return "", event.Event{}, fmt.Errorf("write an answer: %w", err)
	}
	return subject, e, nil
}
