package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
	"kith/services/ledger/unusual"
)

// reviewed is how far back looks are compared; a finding is on the list for as
// long as its last look is not older than a week, and until it was decided on.
const (
	reviewed = 31 * 24 * time.Hour
	onList   = 7 * 24 * time.Hour
	stale    = 15 * time.Minute
)

// Review is the daily list of looks that somebody should look at. It shows
// accounts, patterns and entries, and rates nobody.
type Review struct {
	Ledger *Ledger
	// Known says what is known of those children, and of the staff.
	Known  func(context.Context, []events.ChildID) (unusual.Known, error)
	Limits unusual.Limits
	Now    func() time.Time

	mu    sync.Mutex // one at a time: it is not cheap
	asked time.Time
	list  []unusual.Finding
}

// Listed is a finding, in words, and what was decided on it.
type Listed struct {
	ID string `json:"finding"`
	unusual.Finding
	Title   string               `json:"title"`
	Why     string               `json:"why"`
	Decided events.ReviewOutcome `json:"decided,omitempty"`
	Note    string               `json:"note,omitempty"`
}

// Decision is what somebody of governance decided on a finding.
type Decision struct {
	Outcome events.ReviewOutcome `json:"outcome"`
	Note    string               `json:"note"`
}

// List are the findings of the last week, the latest first; those that are still
// to be looked at come before the others.
func (r *Review) List(ctx context.Context) ([]Listed, error) {
	fs, err := r.findings(ctx)
	if err != nil {
		return nil, err
	}
	words := map[string]unusual.Pattern{}
	for _, p := range unusual.Patterns() {
		words[p.Name] = p
	}
	decided := map[string]events.FindingReviewed{}
	var open, done []Listed
	known := map[events.ChildID]bool{}
	for _, f := range fs {
		if !known[f.Child] {
			known[f.Child] = true
			if err := r.decisions(ctx, f.Child, decided); err != nil {
				return nil, err
			}
		}
		d := decided[f.ID()]
		l := Listed{ID: f.ID(), Finding: f, Title: words[f.Pattern].Title, Why: words[f.Pattern].Why, Decided: d.Outcome, Note: d.Note}
		if d.Outcome == "" {
			open = append(open, l)
		} else {
			done = append(done, l)
		}
	}
	return append(append([]Listed{}, open...), done...), nil
}

// decisions gathers what was decided about one child's findings. What was erased
// with the child's key is not on the list any more.
func (r *Review) decisions(ctx context.Context, child events.ChildID, into map[string]events.FindingReviewed) error {
	for e, err := range r.Ledger.store.Read(ctx, reviewsOf(child), 0) {
		if errors.Is(err, store.ErrKeyGone) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read decisions on findings: %w", err)
		}
		if d, ok := e.Event.(events.FindingReviewed); ok {
			into[d.Finding] = d
		}
	}
	return nil
}

// findings compares anew when the last time is a quarter of an hour ago: it reads
// a month of the ledger and the record of everybody whom somebody looked at.
func (r *Review) findings(ctx context.Context) ([]unusual.Finding, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.Now()
	if !r.asked.IsZero() && now.Sub(r.asked) < stale {
		return r.list, nil
	}
	es, err := r.Ledger.Since(ctx, now.Add(-reviewed))
	if err != nil {
		return nil, err
	}
	looks := make([]unusual.Look, len(es))
	children := map[events.ChildID]bool{}
	for i, e := range es {
		looks[i] = unusual.Look{N: uint64(e.Position), At: e.At, ReadRecorded: e.ReadRecorded}
		if e.Child != "" {
			children[e.Child] = true
		}
	}
	known, err := r.Known(ctx, slices.Sorted(maps.Keys(children)))
	if err != nil {
		return nil, fmt.Errorf("what is known of those looked at: %w", err)
	}
	if err := r.seenBefore(ctx, now.Add(-reviewed), &known); err != nil {
		return nil, err
	}
	all := unusual.Find(looks, known, r.Limits)
	r.list = slices.DeleteFunc(all, func(f unusual.Finding) bool { return now.Sub(f.Last) > onList })
	r.asked = now
	return r.list, nil
}

// seenBefore notes when each account was used last before a moment, back to a
// year ago. Who read stands beside the payload, which is not opened.
func (r *Review) seenBefore(ctx context.Context, from time.Time, known *unusual.Known) error {
	last, err := r.Ledger.store.Last(ctx)
	if err != nil || last == 0 {
		return err
	}
	after, err := r.Ledger.first(ctx, from.AddDate(-1, 0, 0), last)
	if err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	seen := map[events.ActorID]time.Time{}
	for e, err := range r.Ledger.store.Scan(ctx, after, last, func(events.Type) bool { return false }) {
		if err != nil {
			return fmt.Errorf("read the ledger: %w", err)
		}
		if !e.At.Before(from) {
			break
		}
		if isRead(e) {
			seen[e.Cause.By] = e.At
		}
	}
	staff := maps.Clone(known.Staff)
	if staff == nil {
		staff = map[events.ActorID]unusual.Staff{}
	}
	for actor, at := range seen {
		s := staff[actor]
		s.Seen = at
		staff[actor] = s
	}
	known.Staff = staff
	return nil
}

// Decide records what was decided on a finding of the list. The latest decision
// counts. Nobody decides on looks of their own.
func (r *Review) Decide(ctx context.Context, c store.Cause, finding string, d Decision) error {
	var wrong []fault.Place
	if d.Outcome != events.ReviewFine && d.Outcome != events.ReviewInvestigate {
		wrong = append(wrong, fault.Place{Pointer: "outcome", Detail: "Say whether it is fine or to be investigated."})
	}
	if n := utf8.RuneCountInString(d.Note); n == 0 || n > 2000 {
		wrong = append(wrong, fault.Place{Pointer: "note", Detail: "Say why, in at most 2,000 characters."})
	}
	if len(wrong) > 0 {
		return &fault.Error{Kind: fault.Invalid, Text: "The decision is not complete.", At: wrong}
	}
	fs, err := r.findings(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(fs, func(f unusual.Finding) bool { return f.ID() == finding })
	if i < 0 {
		return fault.NotFound
	}
	f := fs[i]
	if f.Reader == c.By {
		return fault.New(fault.Refused, "These looks are your own: somebody else has to decide on them.")
	}
	_, err = r.Ledger.store.Append(ctx, store.Batch{Stream: reviewsOf(f.Child), Expect: store.Any, Cause: c, Events: []events.Event{
		events.FindingReviewed{Finding: finding, Pattern: f.Pattern, Reader: f.Reader, Child: f.Child, Entries: f.Entries, Outcome: d.Outcome, Note: d.Note, By: c.By}}})
	if err != nil {
		return fmt.Errorf("record a decision on a finding: %w", err)
	}
	return nil
}

// reviewsOf is the stream of what was decided about looks at a child. It is
// sealed with the key of the child's looks, and goes with them.
func reviewsOf(c events.ChildID) store.Stream { return stream(c) + ".reviews" }
