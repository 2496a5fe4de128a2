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

var errNoFact = errors.New("no fact")

// facts is the one list of what agencies may state; a new type is one line here.
var facts = index(
	fact[DomesticAbuseIncident](), fact[MissingEpisode](), fact[PublicProtectionNotice](), fact[OnlineReport](),
	fact[EmergencyAttendance](), fact[WasNotBrought](), fact[PractitionerConcern](), fact[NationalRecordChanged](),
	fact[ClinicalObservation](), fact[HealthFlag](), fact[SharingConsent](), fact[QuestionnaireAnswered](),
	fact[Concern](), fact[AttendanceFall](), fact[Suspension](), fact[OffRoll](),
	fact[PermanentExclusion](), fact[SafeguardingRecord](), fact[FileTransfer](),
	fact[ContactReceived](), fact[ReferralDecided](), fact[InvolvementChanged](), fact[Section47Enquiry](), fact[ProtectionPlan](),
	fact[Referral](), fact[Assessment](), fact[Section47Dates](), fact[InitialConference](), fact[ProtectionPlanReview](),
	fact[PoliceWithdrawal](), fact[HealthWithdrawal](), fact[EducationWithdrawal](), fact[SocialCareWithdrawal](),
)

// decisions is the one list of what the hub itself records.
var decisions = index(
	decision[EventAccepted](), decision[EventRefused](), decision[EventSuperseded](),
	decision[SubjectLinked](), decision[SubjectUnlinked](), decision[LinkProposed](), decision[LinkDeclined](),
	decision[ConsentGiven](), decision[ConsentWithdrawn](),
	decision[ReviewAsked](), decision[ReviewRuled](), decision[RulingReasoned](), decision[NotSharedNoted](), decision[NotSharedReasoned](),
	decision[DiscussionConvened](), decision[DiscussionAttended](), decision[DecisionRecorded](), decision[ConferenceOverdue](),
	older(decision[ReadRecordedV1](), labelled), decision[ReadRecorded](), decision[FindingReviewed](), decision[WebhookDisabled](), decision[ItemRecalled](),
	decision[ErasureAsked](), decision[ErasureConfirmed](), decision[ErasureCancelled](), decision[ErasureUndone](),
	decision[ErasureBegun](), decision[ErasureCarriedOut](), decision[HoldPlaced](), decision[HoldLiftAsked](), decision[HoldLifted](),
	decision[DutyCommenced](), decision[DutyRevoked](),
	decision[CopyRequested](), decision[CopyItemJudged](), decision[CopyAddressConfirmed](), decision[CopyMade](),
	decision[ConflictDeclared](), decision[ConflictMet](), decision[RestrictionPlaced](), decision[RestrictionReviewed](), decision[LiftProposed](), decision[LiftApproved](), decision[GlassBroken](), decision[GlassReason](), decision[GlassReviewed](),
)

// FactTypes yields every type that an agency may publish, in order.
func FactTypes() iter.Seq[Type] { return slices.Values(slices.Sorted(maps.Keys(facts))) }

// Types yields every type that the event store may hold, in order.
func Types() iter.Seq[Type] {
	return slices.Values(slices.Sorted(iter.Seq[Type](func(yield func(Type) bool) {
		for _, m := range []map[Type]codec{facts, decisions} {
			for t := range m {
				if !yield(t) {
					return
				}
			}
		}
	})))
}

// Encode returns the JSON of an event for the event store. Nobody writes a
// version of which there is a newer one.
func Encode(e Event) ([]byte, error) {
	if c, ok := known(e.Type()); !ok || c.next != nil {
		return nil, fmt.Errorf("%w: %s", ErrUnknownType, e.Type())
	}
	return json.Marshal(e)
}

// Decode reads what Encode wrote, now or in an earlier release: what was written
// as an older version comes as the newest. It refuses unknown fields.
func Decode(t Type, data []byte) (Event, error) { return decode(known, t, data) }

func decode(known func(Type) (codec, bool), t Type, data []byte) (Event, error) {
	c, ok := known(t)
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrUnknownType, t)
	}
	e, err := c.event(data)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", t, err)
	}
	for c.next != nil {
		e = c.next(e)
		if c, ok = known(e.Type()); !ok {
			return nil, fmt.Errorf("%w: %s, made of %s", ErrUnknownType, e.Type(), t)
		}
	}
	return e, nil
}

// Newest is the type as which Decode returns an event of a type: the type itself
// unless there is a newer version.
func Newest(t Type) Type { return newest(known, t) }

func newest(known func(Type) (codec, bool), t Type) Type {
	for c, ok := known(t); ok && c.next != nil; c, ok = known(t) {
		t = c.to
	}
	return t
}

// EncodeReport returns the JSON of a report: the data of its CloudEvent.
func EncodeReport(r Report) ([]byte, error) {
	if _, ok := facts[r.Type()]; !ok {
		return nil, fmt.Errorf("%w: %s", ErrUnknownType, r.Type())
	}
	return json.Marshal(r)
}

// DecodeReport reads the data of a CloudEvent of type t. It refuses unknown
// fields and data after the end. Duplicate keys and keys in another case pass:
// whoever must not be fooled by them validates what EncodeReport makes of it.
func DecodeReport(t Type, data []byte) (Report, error) {
	return DecodeReportWith(strict, t, data)
}

// DecodeReportWith is DecodeReport with another reader of JSON, which has to be at
// least as strict: it must refuse what is unknown and what comes after the end.
func DecodeReportWith(read func(data []byte, into any) error, t Type, data []byte) (Report, error) {
	c, ok := facts[t]
	if !ok {
		return Report{}, fmt.Errorf("%w: %s", ErrUnknownType, t)
	}
	r, err := c.report(read, data)
	if err != nil {
		return Report{}, fmt.Errorf("decode %s: %w", t, err)
	}
	return r, nil
}

// codec decodes one type: as the event store holds it and, if it is a fact, as
// an agency reports it.
type codec struct {
	typ    Type
	event  func([]byte) (Event, error)
	report func(read func([]byte, any) error, data []byte) (Report, error)

	to   Type              // of which there is a newer version: its type,
	next func(Event) Event // and how that follows; nil in the newest
}

func index(cs ...codec) map[Type]codec {
	m := map[Type]codec{}
	for _, c := range cs {
		m[c.typ] = c
	}
	return m
}

func known(t Type) (codec, bool) {
	if c, ok := decisions[t]; ok {
		return c, true
	}
	c, ok := facts[t]
	return c, ok
}

// fact reads all of an item or a report in one go, its fact into an F: this is
// where most of the time of a read goes.
func fact[F Fact]() codec {
	var f F
	return codec{
		typ: f.Type(),
		event: func(data []byte) (Event, error) {
			var w struct {
				Item
				Fact *F `json:"fact"`
			}
			if err := strict(data, &w); err != nil {
				return nil, err
			}
			if w.Fact == nil {
				return nil, errNoFact
			}
			w.Item.Fact = *w.Fact
			return w.Item, nil
		},
		report: func(read func([]byte, any) error, data []byte) (Report, error) {
			var w struct {
				Report
				Fact *F `json:"fact"`
			}
			if err := read(data, &w); err != nil {
				return Report{}, err
			}
			if w.Fact == nil {
				return Report{}, errNoFact
			}
			w.Report.Fact = *w.Fact
			return w.Report, nil
		},
	}
}

func decision[E Event]() codec {
	var e E
	return codec{typ: e.Type(), event: func(data []byte) (Event, error) {
		var e E
		err := strict(data, &e)
		return e, err
	}}
}

// older is an older version of a type, and how the next one follows from it, for
// every one that was ever written: what cannot be made from the old is not a new
// version but another event. Both stand in the list for ever.
func older[From, To Event](c codec, turn func(From) To) codec {
	var to To
	c.to = to.Type()
	c.next = func(e Event) Event { return turn(e.(From)) }
	return c
}

func strict(data []byte, into any) error {
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
