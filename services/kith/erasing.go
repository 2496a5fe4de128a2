package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/internal/follow"
	"kith/services/internal/rebuild"
	"kith/services/notices"
	"kith/services/retention"
	"kith/services/retention/rules"
)

// openRetention begins to hide what is being erased and to carry out what is due.
// Which keys are withheld the keys know by themselves: what is hidden already is so
// from the first request on.
func (h *hub) openRetention(ctx context.Context) (err error) {
	var own [][]byte
	if h.retentionRules != "" {
		text, err := os.ReadFile(h.retentionRules)
		if err != nil {
			return fmt.Errorf("retentionRules: %w", err)
		}
		own = append(own, text)
	}
	packs, err := rules.Load(own...)
	if err != nil {
		return err
	}
	h.retention, err = retention.New(ctx, retention.Config{
		Store: h.record.store, DB: h.models[4], Keys: h.record.keys, Subjects: h.subjects, ChildOf: h.identity.ChildOf,
		Derived: h.derived(), Rebuild: h.rebuildAll, Expire: h.expire, Rules: packs, Area: h.authority, PendingFor: h.pendingFor, Now: h.clock, Log: h.tel.Log})
	return err
}

// subjects are those that are linked to a child by all that was recorded up to now.
func (h *hub) subjects(ctx context.Context, c events.ChildID) ([]retention.Linked, error) {
	last, err := h.record.store.Last(ctx)
	if err == nil {
		err = h.identity.Wait(ctx, last)
	}
	if err != nil {
		return nil, err
	}
	ms, err := h.identity.Members(ctx, c)
	var ls []retention.Linked
	for _, m := range ms {
		ls = append(ls, retention.Linked(m))
	}
	return ls, err
}

// purgeModel takes out of a read model what is gone: at once, and again when it has
// followed what it had read of it before.
func (h *hub) purgeModel(p follow.Projection) func(context.Context, retention.Gone) error {
	return func(ctx context.Context, g retention.Gone) error {
		if err := p.Purge(ctx, g.Streams); err != nil {
			return err
		}
		last, err := h.record.store.Last(ctx)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		for {
			at, err := p.Position(ctx)
			if err != nil || at >= last {
				break
			}
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(5 * time.Millisecond):
			}
		}
		return p.Purge(ctx, g.Streams)
	}
}

// purgeInbox hides what agencies were told of what is gone and, when that is final,
// empties it.
func (h *hub) purgeInbox(ctx context.Context, g retention.Gone) error {
	if g.Final {
		return notices.Empty(ctx, h.models[3], g.Streams)
	}
	return notices.Hide(ctx, h.models[3], g.Streams, true)
}

// rebuildAll makes the read models anew after keys were released, beside those that
// serve. That they differ is what is wanted. What agencies were told was hidden and
// is not built anew: its numbers are not to change.
func (h *hub) rebuildAll(ctx context.Context, back []store.Stream) error {
	if err := notices.Hide(ctx, h.models[3], back, false); err != nil {
		return err
	}
	h.rebuilding.Lock()
	defer h.rebuilding.Unlock()
	models := slices.DeleteFunc(h.projections(), func(p follow.Projection) bool { return p.Model.Purge == nil })
	_, err := rebuild.Run(ctx, rebuild.Config{Store: h.record.store, Models: models, Followed: true,
		Dir: filepath.Join(h.dir, "models"), Always: true, Discard: true, Log: h.tel.Log})
	h.identity.Rebuilt()
	return err
}
