// Package regime keeps from when the duty to share information (Children Act
// 2004, sections 16LA to 16LC) is in force in the area of a local authority.
// That it commences is one event, and nothing is built or started anew for it.
package regime

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
	"kith/services/internal/native"
)

// Keeper records and tells. Several hubs may share a store: each reads what any
// of them recorded.
type Keeper struct {
	store *store.Store
	area  events.AgencyID
}

// New returns the keeper of the area of a local authority.
func New(s *store.Store, area events.AgencyID) *Keeper { return &Keeper{s, area} }

// longest is how much of an instrument or a reason is kept, in characters.
const longest = 200

// Commence records that the duty is in force from a day, which begins when it does
// in England. It may be to come, and may take the place of another day that was
// recorded. The same again records nothing.
func (k *Keeper) Commence(ctx context.Context, c store.Cause, from events.Date, instrument string) error {
	e := events.DutyCommenced{Area: k.area, From: native.Beginning(from), Instrument: strings.TrimSpace(instrument)}
	var wrong []fault.Place
	if e.From.IsZero() || e.From.Before(enacted) {
		wrong = append(wrong, fault.Place{Pointer: "from", Detail: "Give a day on or after 2026-04-29, when the Act was passed, such as 2027-09-01."})
	}
	if bad := text(e.Instrument); bad {
		wrong = append(wrong, fault.Place{Pointer: "instrument", Detail: "Name the regulations that commence it, in at most 200 characters."})
	}
	return k.record(ctx, c, wrong, func(s state) ([]events.Regime, error) { return commence(s, e) })
}

// enacted is the day of Royal Assent to the Children's Wellbeing and Schools Act 2026.
var enacted = time.Date(2026, 4, 28, 23, 0, 0, 0, time.UTC) // midnight in England

// Revoke records that the duty is not in force, or does not commence. Where
// nothing stands it records nothing.
func (k *Keeper) Revoke(ctx context.Context, c store.Cause, reason string) error {
	e := events.DutyRevoked{Area: k.area, Reason: strings.TrimSpace(reason)}
	var wrong []fault.Place
	if text(e.Reason) {
		wrong = append(wrong, fault.Place{Pointer: "reason", Detail: "Say why, in at most 200 characters."})
	}
	return k.record(ctx, c, wrong, func(s state) ([]events.Regime, error) { return revoke(s, e) })
}

func text(s string) (bad bool) { return s == "" || utf8.RuneCountInString(s) > longest }

func (k *Keeper) record(ctx context.Context, c store.Cause, wrong []fault.Place, decide func(state) ([]events.Regime, error)) error {
	if len(wrong) > 0 {
		return &fault.Error{Kind: fault.Invalid, Text: "The request is not complete.", At: wrong}
	}
	if _, err := store.Transact(ctx, k.store, k.stream(), c, evolve, decide); err != nil {
		return fmt.Errorf("legal regime: %w", err)
	}
	return nil
}

// Regime is all that was ever recorded of the area.
func (k *Keeper) Regime(ctx context.Context) (l events.LegalRegime, err error) {
	for e, err := range k.store.Read(ctx, k.stream(), 0) {
		if err != nil {
			return nil, fmt.Errorf("legal regime: %w", err)
		}
		r, ok := e.Event.(events.Regime)
		if !ok {
			return nil, fmt.Errorf("legal regime: foreign event %s", e.Event.Type())
		}
		l = append(l, events.RegimeRecord{Regime: r, At: e.At})
	}
	return l, nil
}

func (k *Keeper) stream() store.Stream { return "regime-" + store.Stream(k.area) }
