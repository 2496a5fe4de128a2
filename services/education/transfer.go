package education

import (
	"strings"

	"github.com/go-json-experiment/json"

	"kith/events"
	"kith/services/internal/native"
)

// TransferRecord says that a child protection file was handed over: kith file writes
// it, and any other system may.
type TransferRecord struct {
	Pupil

	Reference  string         `json:"reference"`
	RecordedAt string         `json:"recordedAt"`
	To         string         `json:"to"`       // the new school
	Starts     string         `json:"starts"`   // the child's first day there
	Due        string         `json:"due"`      // the last day for handing it over
	Sent       string         `json:"sent"`     // a day
	Received   string         `json:"received"` // a day, once there is a receipt
	Contact    events.Contact `json:"contact"`
}

// Transfer translates such a record: one notice when the file was sent, and another,
// of its own id, when the receipt is there.
func Transfer(raw []byte) ([]events.Notice, error) {
	r, err := native.Read[TransferRecord](raw, json.RejectUnknownMembers(true))
	if err != nil {
		return nil, err
	}
	f := &native.Form{}
	fact := events.FileTransfer{
		Reference: f.Reference("/reference", r.Reference), To: f.Line("/to", r.To),
		Starts: f.Day("/starts", r.Starts), Due: f.Day("/due", r.Due), Sent: f.Day("/sent", r.Sent),
	}
	step, on := "sent", fact.Sent
	if strings.TrimSpace(r.Received) != "" {
		fact.Received = f.Day("/received", r.Received)
		if fact.Received < fact.Sent {
			f.Wrong("/received", "a day not before it was sent")
		}
		step, on = "received", fact.Received
	}
	report := events.Report{
		Shared: events.Shared{
			OccurredAt: native.Beginning(on), RecordedAt: f.Instant("/recordedAt", r.RecordedAt),
			Basis: safeguarding(events.CannotReasonablyAsk, "Those who help the child need to know which school has the child protection file."),
			Label: events.Core, Contact: f.Contact("/contact", r.Contact),
		},
		About: []events.Person{r.person(f, "")}, Fact: fact,
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return []events.Notice{{ID: "file-transfer:" + r.Reference + ":" + step, Report: report}}, nil
}
