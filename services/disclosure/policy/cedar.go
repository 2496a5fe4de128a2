package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/cedar-policy/cedar-go"

	"kith/events"
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

// judging are those that leave the answer to a person, or the others: policies are
// sorted so that each is a part of the list.
func (rs rules) judging(person bool) rules {
	n := slices.IndexFunc(rs, func(r rule) bool { return r.Review })
	if n < 0 {
		n = len(rs)
	}
	if person {
		return rs[n:]
	}
	return rs[:n]
}

// question puts requests into Cedar's words, one at a time. To make a record
// costs more than to evaluate the policies, so it keeps those it made.
type question struct {
	readers  map[Reader]cedar.Entity
	things   map[Thing]cedar.Entity
	contexts map[setting]cedar.Record

	reader, thing cedar.Entity // of the request that is put
}

// setting is what the context of a request is made of.
type setting struct {
	purpose events.Purpose
	ties    Ties
}

func newQuestion() question {
	return question{map[Reader]cedar.Entity{}, map[Thing]cedar.Entity{}, map[setting]cedar.Record{}, cedar.Entity{}, cedar.Entity{}}
}

func (q *question) put(r Request) cedar.Request {
	q.reader = kept(q.readers, r.Reader, readerEntity)
	q.thing = kept(q.things, r.Thing, thingEntity)
	return cedar.Request{
		Principal: q.reader.UID,
		Action:    cedar.NewEntityUID(typeAction, cedar.String(r.Act)),
		Resource:  q.thing.UID,
		Context:   kept(q.contexts, setting{r.Purpose, r.Ties}, contextRecord),
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

func kept[K comparable, V any](m map[K]V, k K, build func(K) V) V {
	v, ok := m[k]
	if !ok {
		v = build(k)
		m[k] = v
	}
	return v
}

func contextRecord(s setting) cedar.Record {
	return cedar.NewRecord(cedar.RecordMap{
		"purpose":   cedar.String(s.purpose),
		"holds":     cedar.Boolean(s.ties.Holds),
		"concern":   cedar.Boolean(s.ties.Concern),
		"tookPart":  cedar.Boolean(s.ties.TookPart),
		"attending": cedar.Boolean(s.ties.Attending),
		"invited":   cedar.Boolean(s.ties.Invited),
		"copying":   cedar.Boolean(s.ties.Copying),
	})
}

func readerEntity(r Reader) cedar.Entity {
	return cedar.Entity{UID: cedar.NewEntityUID("Reader", "reader"), Attributes: cedar.NewRecord(cedar.RecordMap{
		"role":      cedar.String(r.Role),
		"kind":      cedar.String(r.Kind),
		"authority": cedar.Boolean(r.Authority),
	})}
}

func thingEntity(t Thing) cedar.Entity {
	return cedar.Entity{UID: cedar.NewEntityUID("Thing", "thing"), Attributes: cedar.NewRecord(cedar.RecordMap{
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
		"thirdParty":  cedar.Boolean(t.ThirdParty),
		"objected":    cedar.Boolean(t.Objected),
	})}
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
			return nil, fmt.Errorf("there is no act %q; there are %s", e.ID, listed(acts()))
		}
		as = append(as, Act(e.ID))
	}
	if len(as) == 0 {
		return nil, errors.New("names no act; say action == Action::\"see\", or another")
	}
	return as, nil
}
