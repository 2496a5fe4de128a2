package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
)

// ErrUnknownType reports an event type that this build does not know.
var ErrUnknownType = errors.New("unknown event type")

// facts is the one list of what agencies may state; a new type is one line here.
var facts = index(
	fact[DomesticAbuseIncident], fact[MissingEpisode], fact[PublicProtectionNotice],
	fact[EmergencyAttendance], fact[WasNotBrought], fact[PractitionerConcern], fact[NationalRecordChanged],
	fact[Concern], fact[AttendanceFall], fact[Suspension], fact[OffRoll],
	fact[ContactReceived], fact[ReferralDecided], fact[InvolvementChanged], fact[Section47Enquiry], fact[ProtectionPlan],
)

// decisions is the one list of what the hub itself records.
var decisions = index(
	decision[EventAccepted], decision[EventRefused],
	decision[SubjectLinked], decision[SubjectUnlinked], decision[LinkProposed], decision[LinkDeclined],
	decision[ConsentGiven], decision[ConsentWithdrawn],
	decision[DiscussionConvened], decision[DiscussionAttended], decision[DecisionRecorded], decision[ConferenceOverdue],
	decision[ReadRecorded],
)

// FactTypes yields every type that an agency may publish, in order.
func FactTypes() iter.Seq[Type] { return slices.Values(slices.Sorted(maps.Keys(facts))) }

// Types yields every type that the event store may hold, in order.
func Types() iter.Seq[Type] {
	return slices.Values(slices.Sorted(iter.Seq[Type](func(yield func(Type) bool) {
		for _, m := range []map[Type]decoder{facts, decisions} {
			for t := range m {
				if !yield(t) {
					return
				}
			}
		}
	})))
}

// Encode returns the JSON of an event for the event store.
func Encode(e Event) ([]byte, error) {
	if facts[e.Type()] == nil && decisions[e.Type()] == nil {
		return nil, fmt.Errorf("%w: %s", ErrUnknownType, e.Type())
	}
	return json.Marshal(e)
}

// Decode reads what Encode wrote. It refuses unknown fields.
func Decode(t Type, data []byte) (Event, error) {
	if d := decisions[t]; d != nil {
		v, err := d(data)
		return v.event, err
	}
	d := facts[t]
	if d == nil {
		return nil, fmt.Errorf("%w: %s", ErrUnknownType, t)
	}
	var w struct {
		Item
		Fact json.RawMessage `json:"fact"`
	}
	if err := strict(data, &w); err != nil {
		return nil, fmt.Errorf("decode %s: %w", t, err)
	}
	v, err := d(w.Fact)
	w.Item.Fact = v.fact
	return w.Item, err
}

// EncodeReport returns the JSON of a report: the data of its CloudEvent.
func EncodeReport(r Report) ([]byte, error) {
	if facts[r.Type()] == nil {
		return nil, fmt.Errorf("%w: %s", ErrUnknownType, r.Type())
	}
	return json.Marshal(r)
}

// DecodeReport reads the data of a CloudEvent of type t. It refuses unknown
// fields and data after the end. Duplicate keys and keys in another case pass:
// whoever must not be fooled by them validates what EncodeReport makes of it.
func DecodeReport(t Type, data []byte) (Report, error) {
	d := facts[t]
	if d == nil {
		return Report{}, fmt.Errorf("%w: %s", ErrUnknownType, t)
	}
	var w struct {
		Report
		Fact json.RawMessage `json:"fact"`
	}
	if err := strict(data, &w); err != nil {
		return Report{}, fmt.Errorf("decode %s: %w", t, err)
	}
	v, err := d(w.Fact)
	w.Report.Fact = v.fact
	return w.Report, err
}

// decoded is a value of one of the two sets.
type decoded struct {
	fact  Fact
	event Event
}

func (d decoded) typ() Type {
	if d.fact != nil {
		return d.fact.Type()
	}
	return d.event.Type()
}

type decoder = func([]byte) (decoded, error)

func index(ds ...decoder) map[Type]decoder {
	m := map[Type]decoder{}
	for _, d := range ds {
		v, _ := d([]byte("{}"))
		m[v.typ()] = d
	}
	return m
}

func fact[F Fact](data []byte) (decoded, error) {
	var f F
	err := strict(data, &f)
	if err != nil {
		err = fmt.Errorf("decode fact of %s: %w", f.Type(), err)
	}
	return decoded{fact: f}, err
}

func decision[E Event](data []byte) (decoded, error) {
	var e E
	err := strict(data, &e)
	if err != nil {
		err = fmt.Errorf("decode %s: %w", e.Type(), err)
	}
	return decoded{event: e}, err
}

func strict[T any](data []byte, into *T) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("data after the end")
	}
	return nil
}
