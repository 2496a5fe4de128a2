package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/intake"
	"kith/services/internal/edge"
	"kith/services/internal/keys"
	"kith/services/notices"
	"kith/services/retention"
)

// stores is the register of every store of a hub, and what of a person it can hold.
// A store that is not here fails TestEveryOpenedFileIsRegistered or, as it is met in
// a running hub, TestHoldWinsOverErasure.
func stores() []retention.Derived {
	return []retention.Derived{
		{Name: "events.db", Holds: "every fact, sealed: nothing is left of it without its key"},
		{Name: "ledger.db", Holds: "who looked at whom and when, sealed under keys of its own; it is what remains"},
		{Name: "keys.db", Holds: "the wrapped keys, under the pseudonyms of those whose they are; a destroyed one is overwritten"},
		{Name: "quarantine", Holds: "in the event log: messages that were refused, sealed under a key for each agency and day, for 90 days"},
		{Name: "identity", Holds: "keyed hashes of identifiers and names; who is linked to whom, by pseudonym"},
		{Name: "childview", Holds: "who is linked to whom, by pseudonym"},
		{Name: "strategy", Holds: "keyed hashes of references; positions of concerns, decisions and discussions, by pseudonym"},
		{Name: "inbox", Holds: "what agencies were told: pseudonyms, ids of items, references of concerns"},
		{Name: "retention", Holds: "what was decided about erasures and holds, by pseudonym; it is what remains"},
		{Name: "recent", Holds: "in memory: the opened events of children at whom somebody looked in the last minutes"},
		{Name: "outbox", Holds: "at the hub's own doors: what waits for an answer, what was refused, what could not be translated, and slips of whom an event that stands is about; not sealed"},
		{Name: "webhooks.db", Holds: "how far each agency's webhook is, by number"},
		{Name: "EVENTS", Holds: "on NATS, what an agency sent and the hub has not answered; it goes a second after the answer"},
		{Name: "INBOX", Holds: "on NATS, what agencies were told, for 90 days: pseudonyms, ids of items, references that they gave their own concerns"},
		{Name: "tree", Holds: "hashes of sealed payloads, and positions"},
		{Name: "policies", Holds: "the rules by which was decided; about nobody"},
		{Name: "witness", Holds: "sizes and hashes of the trees"},
		{Name: "backup", Holds: "the record, sealed; the list of destroyed and withheld keys, which a restore applies. Keys and outboxes lie apart, for 30 days at most"},
	}
}

// derived is the register with how each store is purged. One that is not purged says
// of itself why it need not be.
func (h *hub) derived() []retention.Derived {
	purge := map[string]func(context.Context, retention.Gone) error{
		"recent": h.forget, "inbox": h.purgeInbox, "quarantine": h.purgeQuarantine, "outbox": h.purgeOutboxes,
	}
	for _, p := range h.projections() {
		if p.Model.Purge != nil {
			purge[p.Name] = h.purgeModel(p)
		}
	}
	ds := stores()
	for i := range ds {
		ds[i].Purge = purge[ds[i].Name]
	}
	return ds
}

// gone are the subjects among what is gone.
func gone(g retention.Gone) map[events.SubjectID]bool {
	ids := map[events.SubjectID]bool{}
	for _, s := range g.Streams {
		if id, ok := strings.CutPrefix(string(s), "subject-"); ok {
			ids[events.SubjectID(id)] = true
		}
	}
	return ids
}

// purgeQuarantine throws away the days on which a message was refused that names
// somebody who is gone. Nobody is served from there, so that it waits until the end.
func (h *hub) purgeQuarantine(ctx context.Context, g retention.Gone) error {
	if !g.Final {
		return nil
	}
	ids, err := h.intake.Naming(ctx, gone(g))
	return errors.Join(err, h.destroy(ctx, ids))
}

// expire throws away what is kept for a time only.
func (h *hub) expire(ctx context.Context, now time.Time) error {
	ids, err := h.intake.Expired(ctx, now)
	return errors.Join(err, h.destroy(ctx, ids))
}

func (h *hub) destroy(ctx context.Context, ids []store.KeyID) (err error) {
	for _, id := range ids {
		err = errors.Join(err, h.record.keys.Destroy(ctx, id), notices.EmptyAnswers(ctx, h.models[3], store.Stream(id)))
	}
	return err
}

// purgeOutboxes lets the hub's own doors forget what names somebody who is gone.
func (h *hub) purgeOutboxes(ctx context.Context, g retention.Gone) error {
	if !g.Final {
		return nil
	}
	ids := gone(g)
	for a, e := range h.edges {
		err := e.Forget(ctx, func(body []byte) bool { return intake.Names(h.record.store.Pseudonym, a, body, ids) })
		if err != nil {
			return err
		}
	}
	return nil
}

// purgeRestored does the same in a folder that is being restored: its outboxes were
// backed up before somebody was erased.
func purgeRestored(ctx context.Context, dir string, destroyed []store.KeyID) error {
	paths, err := filepath.Glob(filepath.Join(dir, "outbox", "*.db"))
	if err != nil || len(paths) == 0 {
		return err
	}
	k, err := keys.Open(ctx, filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	defer k.Close()
	var g retention.Gone
	for _, id := range destroyed {
		g.Streams = append(g.Streams, store.Stream(id))
	}
	ids := gone(g)
	for _, path := range paths {
		a := events.AgencyID(strings.TrimSuffix(filepath.Base(path), ".db"))
		err := edge.ForgetIn(ctx, path, func(body []byte) bool { return intake.Names(k.Pseudonym, a, body, ids) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *hub) forget(_ context.Context, g retention.Gone) error {
	h.view.Forget(g.Streams)
	return nil
}
