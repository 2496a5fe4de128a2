package policy

import (
	"encoding/json"
	"errors"
	"iter"
	"slices"

	"github.com/cedar-policy/cedar-go"
)

// This file puts our requests into Cedar's words. Every attribute is always
// there, so that no policy can fail for want of one.

const typeAction = cedar.EntityType("Action")

// rules are policies in the order of their text, which is also the order of
// the reasons that Cedar gives.
type rules []rule

// All implements cedar.PolicyIterator.
func (rs rules) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for _, r := range rs {
			if !yield(cedar.PolicyID(r.ID), r.compiled) {
				return
			}
		}
	}
}

// question is a request in Cedar's words. To make a record costs more than to
// evaluate the policies, so what two requests in a row share is kept.
type question struct {
	now           Request
	filled        bool
	reader, thing cedar.Entity
	context       cedar.Record
}

func readerUID() cedar.EntityUID { return cedar.NewEntityUID("Reader", "reader") }
func thingUID() cedar.EntityUID  { return cedar.NewEntityUID("Thing", "thing") }

func (q *question) put(r Request) {
	if !q.filled || q.now.Reader != r.Reader {
		q.reader = cedar.Entity{UID: readerUID(), Attributes: cedar.NewRecord(cedar.RecordMap{
			"role":      cedar.String(r.Reader.Role),
			"kind":      cedar.String(r.Reader.Kind),
			"authority": cedar.Boolean(r.Reader.Authority),
		})}
	}
	if !q.filled || q.now.Thing != r.Thing {
		q.thing = cedar.Entity{UID: thingUID(), Attributes: thingRecord(r.Thing)}
	}
	if !q.filled || q.now.Ties != r.Ties || q.now.Purpose != r.Purpose {
		q.context = cedar.NewRecord(cedar.RecordMap{
			"purpose":   cedar.String(r.Purpose),
			"holds":     cedar.Boolean(r.Ties.Holds),
			"concern":   cedar.Boolean(r.Ties.Concern),
			"tookPart":  cedar.Boolean(r.Ties.TookPart),
			"attending": cedar.Boolean(r.Ties.Attending),
			"invited":   cedar.Boolean(r.Ties.Invited),
		})
	}
	q.now, q.filled = r, true
}

func thingRecord(t Thing) cedar.Record {
	return cedar.NewRecord(cedar.RecordMap{
		"own":         cedar.Boolean(t.Own),
		"kind":        cedar.String(t.Kind),
		"label":       cedar.String(t.Label),
		"guarded":     cedar.Boolean(t.Guarded),
		"basis":       cedar.String(t.Basis),
		"condition":   cedar.String(t.Condition),
		"paragraph18": cedar.Boolean(t.Paragraph18),
		"scope":       cedar.String(t.Scope),
		"consent":     cedar.String(t.Consent),
		"takesPart":   cedar.Boolean(t.TakesPart),
		"invited":     cedar.Boolean(t.Invited),
		"named":       cedar.Boolean(t.Named),
	})
}

func (q *question) request() cedar.Request {
	return cedar.Request{
		Principal: q.reader.UID,
		Action:    cedar.NewEntityUID(typeAction, cedar.String(q.now.Act)),
		Resource:  q.thing.UID,
		Context:   q.context,
	}
}

// Get implements cedar.EntityGetter.
func (q *question) Get(uid cedar.EntityUID) (cedar.Entity, bool) {
	switch uid {
	case q.reader.UID:
		return q.reader, true
	case q.thing.UID:
		return q.thing, true
	}
	return cedar.Entity{}, false
}

// actsOf lists the acts that the head of a policy names. A policy must name
// some, so that nobody permits more than they read.
func actsOf(p *cedar.Policy) ([]Act, error) {
	b, err := p.MarshalJSON()
	if err != nil {
		return nil, errors.New("cannot be read back")
	}
	type entity struct{ Type, ID string }
	var head struct {
		Action struct {
			Entity   *entity
			Entities []entity
		}
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, errors.New("its head cannot be read")
	}
	named := head.Action.Entities
	if head.Action.Entity != nil {
		named = append(named, *head.Action.Entity)
	}
	var as []Act
	for _, e := range named {
		if e.Type != string(typeAction) || !slices.Contains(acts(), Act(e.ID)) {
			return nil, errors.New("names an act that does not exist")
		}
		as = append(as, Act(e.ID))
	}
	if len(as) == 0 {
		return nil, errors.New("names no act")
	}
	return as, nil
}
