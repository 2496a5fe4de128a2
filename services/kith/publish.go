package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
	"kith/services/disclosure"
	"kith/services/education"
	"kith/services/health"
	"kith/services/kith/families"
	"kith/services/police"
	"kith/services/socialcare"
)

// translator turns one native record into notices.
type translator = func([]byte) ([]events.Notice, error)

// doors are the forms of record that a kind of agency understands, by path.
func doors(k events.AgencyKind) map[string]translator {
	switch k {
	case events.KindPolice:
		return police.Doors()
	case events.KindHealth:
		return health.Doors()
	case events.KindEducation:
		return education.Doors()
	case events.KindSocialCare:
		return socialcare.Doors()
	default:
		return nil
	}
}

// publishFamilies hands the families' native records to the agency services,
// which translate and publish them. The moment it first began is kept, so that
// one that was cut off goes on with the very same records.
func (d *demonstration) publishFamilies(ctx context.Context, dir string, say func(string)) error {
	now, err := began(filepath.Join(dir, "began"))
	if err != nil {
		return err
	}
	steps, err := families.Load(now)
	if err != nil {
		return fmt.Errorf("load the families: %w", err)
	}
	say(fmt.Sprintf("publishing the histories of eight invented families through their agencies: %d records", len(steps)))
	var last store.Position
	for _, s := range steps {
		at, err := d.publishStep(ctx, s)
		if err != nil {
			return err
		}
		last = max(last, at)
	}
	if err := d.hub.caughtUp(ctx, last); err != nil {
		return err
	}
	return d.giveConsent(ctx, now)
}

// giveConsent records the one consent that a family gave: Kai's father agreed
// that early-help information is shared.
func (d *demonstration) giveConsent(ctx context.Context, now time.Time) error {
	kai, err := d.hub.identity.Find(ctx, events.Query{Name: events.Name{Given: "Kai", Family: "Nguyen-Hart"}, DateOfBirth: "2019-10-02"})
	if err != nil || len(kai) != 1 {
		return fmt.Errorf("find the child whose father agreed: found %d: %w", len(kai), err)
	}
	_, err = d.hub.gate.GiveConsent(ctx,
		store.Cause{By: "socialworker", For: authority, Purpose: events.PurposeEarlyHelp, Because: "demo-" + now.Format(time.RFC3339)},
		disclosure.ConsentForm{Child: kai[0], By: events.ByParentalResponsibility, Scope: events.EarlyHelp})
	return err
}

func (d *demonstration) publishStep(ctx context.Context, s families.Step) (store.Position, error) {
	translate := doors(d.hub.agency(s.Agency).Kind)[s.Door]
	if translate == nil {
		return 0, fmt.Errorf("family records: %s has no door %s", s.Agency, s.Door)
	}
	ns, err := translate(s.Record)
	if err != nil {
		return 0, fmt.Errorf("family records of %s: %w", s.Agency, err)
	}
	return d.publishNotices(ctx, s.Agency, ns)
}

// publishNotices publishes through an agency's outbox and answers where the last lies.
func (d *demonstration) publishNotices(ctx context.Context, agency events.AgencyID, ns []events.Notice) (store.Position, error) {
	as, err := d.hub.edges[agency].Submit(ctx, ns...)
	if err != nil {
		return 0, fmt.Errorf("publish for %s: %w", agency, err)
	}
	var last store.Position
	for _, a := range as {
		if a.Receipt == nil {
			return 0, fmt.Errorf("a record of %s was refused: %w", agency, refused(a))
		}
		last = max(last, position(a))
	}
	return last, nil
}

// position is where an accepted event lies.
func position(a bus.Answer) store.Position { return store.Position(a.Receipt.Position) }

// refused says in one line why an event was refused.
func refused(a bus.Answer) error {
	var errs []error
	for _, p := range a.Refusal.Problems {
		errs = append(errs, fmt.Errorf("%s %s: %s", p.Code, p.Pointer, p.Detail))
	}
	return errors.Join(errs...)
}

// began is the moment that is written in a file, or now, which is then written.
func began(name string) (time.Time, error) {
	if b, err := os.ReadFile(name); err == nil {
		return time.Parse(time.RFC3339, string(b))
	}
	now := time.Now().UTC().Truncate(time.Second)
	return now, os.WriteFile(name, []byte(now.Format(time.RFC3339)), 0o600)
}
