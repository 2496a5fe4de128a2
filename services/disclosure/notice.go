package disclosure

import (
	"context"
	"log/slog"
	"time"

	"kith/events"
	"kith/events/store"
)

// tellWithin is how long it may take to write a notice.
const tellWithin = 10 * time.Second

// tell leaves a notice for the privacy officer that somebody asked for a child
// with whom they have a conflict: one a day. It is written after the answer, so
// that the answer takes as long as for a child that is not there.
func (g *Gate) tell(ctx context.Context, b book, r events.Reader, child events.ChildID) {
	now := b.now(g.Now())
	e := events.ConflictMet{Person: g.person(r), Actor: r.Actor, Agency: r.Agency, Child: child, At: now}
	c := store.Cause{By: "gate", For: g.Authority, Because: "met:" + string(e.Person) + ":" + string(child) + ":" + now.UTC().Format(time.DateOnly)}
	e.Notice = events.NoticeID(named(c, e))
	if _, told := b.met[e.Notice]; told || g.Store == nil {
		return
	}
	g.telling.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellWithin)
		defer cancel()
		if err := g.amend(ctx, c, func(b book) ([]events.Restriction, error) { return b.meet(e) }); err != nil {
			g.Log.ErrorContext(ctx, "the privacy officer was not told of a conflict that was met", slog.String("error", err.Error()))
		}
	})
}

func (b book) meet(e events.ConflictMet) ([]events.Restriction, error) {
	if _, told := b.met[e.Notice]; told {
		return nil, nil
	}
	return []events.Restriction{e}, nil
}
