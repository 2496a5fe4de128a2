package store

import (
	"context"
	"errors"
	"iter"
)

// errPast reports an append to a log as it was.
var errPast = errors.New("nothing can be added to the past")

// Until is a log as it was when it ended at a position. Nothing can be appended
// to it, and Follow ends where it ended.
func Until(l Log, end Position) Log { return past{l, end} }

type past struct {
	log Log
	end Position
}

func (p past) Read(ctx context.Context, s Stream, after Revision) iter.Seq2[Recorded, error] {
	return p.within(p.log.Read(ctx, s, after))
}

func (p past) Follow(ctx context.Context, after Position) iter.Seq2[Recorded, error] {
	if after >= p.end {
		return func(func(Recorded, error) bool) {}
	}
	return p.within(p.log.Follow(ctx, after))
}

// within ends with what lies at the end or beyond it.
func (p past) within(rs iter.Seq2[Recorded, error]) iter.Seq2[Recorded, error] {
	return func(yield func(Recorded, error) bool) {
		for r, err := range rs {
			if r.Position > p.end || !yield(r, err) || r.Position == p.end {
				return
			}
		}
	}
}

func (p past) Last(ctx context.Context) (Position, error) {
	last, err := p.log.Last(ctx)
	return min(last, p.end), err
}

func (p past) Append(context.Context, ...Write) ([]Appended, error) { return nil, errPast }
