package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"kith/events"
	"kith/services/disclosure"
	"kith/services/disclosure/policy"
)

// change is what a draft would have done otherwise, for readers of one role and
// items of one agency and label.
type change struct {
	Would   string          `json:"would"` // "disclose" or "withhold"
	Role    string          `json:"role"`
	Label   events.Label    `json:"label"`
	Agency  events.AgencyID `json:"agency"` // that recorded the items
	Policy  string          `json:"policy"` // of the draft, that decides; "" where none permits it
	Because string          `json:"because"`
	Reads   int             `json:"reads"` // times that an item in them would have been
	Items   []events.ItemID `json:"items"` // which; each once
}

// whatIfSum is what a draft comes to over the recorded reads.
type whatIfSum struct {
	Reads     int    `json:"reads"`
	Same      int    `json:"same"`    // the draft shows what was shown
	Changed   int    `json:"changed"` // it would have shown more or less
	Not       int    `json:"not"`     // cannot be decided again, those that found nobody among them
	Disclosed int    `json:"disclosed"`
	Withheld  int    `json:"withheld"`
	Draft     string `json:"draft"` // hash of the draft
}

// whatIf decides the recorded reads since a moment under a draft and beside it
// under the policies of then, and tells what differs.
func (r *replays) whatIf(ctx context.Context, draft *policy.Set, since time.Time, tell func(policyLine) error) error {
	sum := whatIfSum{Draft: draft.Hash()}
	rows := map[kindOfChange]*change{}
	for e, err := range r.ledger.From(ctx, 0) {
		if err != nil {
			return err
		}
		if e.At.Before(since) {
			continue
		}
		sum.Reads++
		was, err := r.again(ctx, e)
		if err != nil {
			return fmt.Errorf("read %d: %w", e.Position, err)
		}
		if was.Note != "" || e.What != "view" {
			sum.Not++
			continue
		}
		would, err := r.past.Decide(ctx, draft, e.ReadRecorded)
		if err != nil {
			return fmt.Errorf("read %d: %w", e.Position, err)
		}
		if sum.compare(e.Role, was.Verdicts, would, rows) {
			sum.Changed++
		} else {
			sum.Same++
		}
		if err := tell(policyLine{Progress: sum.Reads}); err != nil {
			return err
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(rows), kindOfChange.compare) {
		if err := tell(policyLine{Change: rows[k]}); err != nil {
			return err
		}
	}
	return tell(policyLine{WhatIf: &sum})
}

// kindOfChange is what rows are told apart by.
type kindOfChange struct {
	would, role, label, agency, policy, because string
}

func (a kindOfChange) compare(b kindOfChange) int {
	return cmp.Or(cmp.Compare(a.would, b.would), cmp.Compare(a.role, b.role), cmp.Compare(a.agency, b.agency),
		cmp.Compare(a.label, b.label), cmp.Compare(a.policy, b.policy), cmp.Compare(a.because, b.because))
}

// compare adds what would be otherwise to the rows, and reports whether anything is.
func (s *whatIfSum) compare(role string, was []disclosure.Verdict, would disclosure.Replayed, rows map[kindOfChange]*change) (changed bool) {
	under := map[events.ItemID]disclosure.Verdict{}
	for _, v := range would.Verdicts {
		under[v.Item] = v
	}
	for _, v := range was {
		w, asked := under[v.Item]
		if !asked { // the draft does not open the child at all
			w = v
			w.Shown, w.Policy, w.Reason = false, "", "The child would not have been shown at all."
		}
		if w.Shown == v.Shown {
			continue
		}
		changed = true
		k := kindOfChange{"withhold", role, string(v.Label), string(v.Agency), w.Policy, w.Reason}
		if w.Shown {
			k.would = "disclose"
			s.Disclosed++
		} else {
			s.Withheld++
		}
		row := rows[k]
		if row == nil {
			row = &change{Would: k.would, Role: role, Label: v.Label, Agency: v.Agency, Policy: w.Policy, Because: w.Reason}
			rows[k] = row
		}
		row.Reads++
		if !slices.Contains(row.Items, v.Item) {
			row.Items = append(row.Items, v.Item)
		}
	}
	return changed
}
