package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"kith/events"
	"kith/events/store"
	sqlitelog "kith/events/store/sqlite"
	"kith/services/internal/keys"
)

const (
	fillBlock   = 500 // children whose histories are interleaved: their keys stay opened
	fillAppend  = 400 // writes in one append
	fillWorkers = 4
	keysAtOnce  = 64
)

// fill writes the record of a hub that has run for long into dir: about n events
// about so many children, each reported by the police and a hospital and linked
// by NHS number, sealed, with every key, as intake and identity would have
// written them. It answers how many events the log holds. There are no read
// models: a hub that is started on dir builds them.
func fill(ctx context.Context, dir string, n, children int) (store.Position, error) {
	ks, err := keys.Open(ctx, filepath.Join(dir, "keys"))
	if err != nil {
		return 0, err
	}
	log, err := sqlitelog.Open(ctx, filepath.Join(dir, "events.db"))
	if err != nil {
		return 0, errors.Join(err, ks.Close())
	}
	f := filling{store: store.New(log, ks), keys: ks, children: children, reports: max(2, (n/children-2)/2), now: time.Now().UTC()}
	err = f.all(ctx)
	last, e := log.Last(ctx)
	return last, errors.Join(err, e, log.Close(), ks.Close())
}

type filling struct {
	store             *store.Store
	keys              *keys.Keys
	children, reports int // reports about each child
	now               time.Time
}

func (f filling) all(ctx context.Context) error {
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range fillWorkers {
		g.Go(func() error {
			for {
				from := int(next.Add(fillBlock)) - fillBlock
				if from >= f.children {
					return nil
				}
				if err := f.block(ctx, from, min(from+fillBlock, f.children)); err != nil {
					return err
				}
			}
		})
	}
	return g.Wait()
}

// block writes the histories of some children, by turns.
func (f filling) block(ctx context.Context, from, to int) error {
	if err := f.makeKeys(ctx, from, to); err != nil {
		return err
	}
	var bs []store.Batch
	for i := range f.reports {
		for child := from; child < to; child++ {
			bs = append(bs, f.report(child, i)...)
			if len(bs) >= fillAppend || child == to-1 {
				if _, err := f.store.Append(ctx, bs...); err != nil {
					return err
				}
				bs = bs[:0]
			}
		}
	}
	return nil
}

// makeKeys makes the keys of a block side by side, so that they share syncs.
func (f filling) makeKeys(ctx context.Context, from, to int) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(keysAtOnce)
	for child := from; child < to; child++ {
		for _, s := range []store.Stream{"child-" + store.Stream(f.child(child)),
			"subject-" + store.Stream(f.subject(child, 0)), "subject-" + store.Stream(f.subject(child, 1))} {
			g.Go(func() error { _, err := f.keys.Seal(ctx, s.Key(), nil, nil); return err })
		}
	}
	return g.Wait()
}

// filled are the agencies that report, by turns.
func filled(i int) events.Agency { return northshire()[i%2] }

func (f filling) subject(child, i int) events.SubjectID {
	return events.SubjectID(f.store.Pseudonym("subject", string(filled(i).ID)+"\x00"+filledID(child)))
}

// child is named after its first subject, as identity does.
func (f filling) child(child int) events.ChildID {
	return events.ChildID(f.store.Pseudonym("child", string(f.subject(child, 0))))
}

func filledID(child int) string { return fmt.Sprintf("fill-%d", child) }

// report is the i-th report about a child: its item, its acceptance and, if it
// is the first of its agency, the link.
func (f filling) report(child, i int) []store.Batch {
	a, subject := filled(i), f.subject(child, i)
	id := fmt.Sprintf("fill-%d-%d", child, i)
	name := a.Source + "\x00" + id
	because := f.store.Pseudonym("message", name)
	item := f.item(child, i, a, subject)
	item.Source, item.EventID = a.Source, id
	st := "subject-" + store.Stream(subject)
	eventID := store.NewEventID(st, because, item.Type(), 0)
	item.ID = events.ItemID(eventID.String())
	c := store.Cause{By: "intake", For: a.ID, Because: because}
	accepted := events.EventAccepted{Agency: a.ID, Source: a.Source, EventID: id, EventType: item.Type(),
		Digest: strings.Repeat("0", 64), Items: []events.ItemRef{{Item: item.ID, Subject: subject}}}
	bs := []store.Batch{
		{Stream: st, Expect: store.Any, Cause: c, Events: []events.Event{item}},
		{Stream: "intake-" + store.Stream(a.ID) + "." + store.Stream(f.store.Pseudonym("intake", name)), Cause: c, Events: []events.Event{accepted}},
	}
	if i < 2 {
		l := events.SubjectLinked{Child: f.child(child), Subject: subject, Agency: a.ID, Rule: []events.LinkRule{events.RuleFirstSeen, events.RuleNHSNumber}[i]}
		bs = append(bs, store.Batch{Stream: "child-" + store.Stream(l.Child), Expect: store.Any, Events: []events.Event{l},
			Cause: store.Cause{By: "identity", For: a.ID, Because: eventID.String()}})
	}
	return bs
}

// item is about 1 KiB, sealed.
func (f filling) item(child, i int, a events.Agency, subject events.SubjectID) events.Item {
	r := benchNotice(child, i).Report
	p := r.About[0]
	p.LocalID, p.DateOfBirth = filledID(child), f.born(child)
	p.Identifiers.NHSNumber = filledNumber(child)
	at := f.now.Add(-time.Duration(f.reports-i) * 24 * time.Hour)
	r.OccurredAt, r.RecordedAt = at.Add(-time.Hour), at
	return events.Item{Agency: a.ID, Kind: a.Kind, Subject: subject, Person: p, Shared: r.Shared, Fact: filledFact(a, r.OccurredAt, r.Fact)}
}

func (filling) born(child int) events.Date {
	return events.Date(time.Date(2010, 1, 1+child%5000, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
}

func filledFact(a events.Agency, at time.Time, police events.Fact) events.Fact {
	if a.Kind == events.KindPolice {
		return police
	}
	return events.EmergencyAttendance{Provider: "Northshire Hospital", ArrivedAt: at, Reason: "Brought by a neighbour with a cut to the left hand. Said to have fallen on glass; the account changed."}
}

// filledNumber is an NHS number that nobody is given, or none where nine digits
// have no check digit.
func filledNumber(child int) *events.NHSNumber {
	nine := fmt.Sprintf("999%06d", child%1_000_000)
	for digit := range 10 {
		if v := nine + string(rune('0'+digit)); events.ValidNHSNumber(v) {
			return &events.NHSNumber{Value: v, Status: events.NHSVerified}
		}
	}
	return nil
}
