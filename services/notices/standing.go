package notices

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"kith/events"
	"kith/events/bus"
	"kith/services/internal/webhook"
)

func (k *hook) stands() webhook.Standing {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.standing
}

func (k *hook) load(ctx context.Context) error {
	var text string
	err := k.hooks.DB.Read.QueryRowContext(ctx, `SELECT standing FROM webhook WHERE agency = ?`, k.Agency).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil && json.Unmarshal([]byte(text), &k.standing) != nil {
		err = fmt.Errorf("how the webhook of %s stands cannot be read; remove webhooks.db to begin 90 days ago", k.Agency)
	}
	return err
}

// update changes how a webhook stands, and returns when it is on stable storage.
func (k *hook) update(ctx context.Context, change func(webhook.Standing) webhook.Standing) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	next := change(k.standing)
	text, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if _, err = k.hooks.DB.Write.ExecContext(ctx, `INSERT OR REPLACE INTO webhook VALUES (?, ?)`, k.Agency, string(text)); err != nil {
		return fmt.Errorf("keep how a webhook stands: %w", err)
	}
	k.standing = next
	return nil
}

// HookStatus is how a webhook stands, for the operator.
type HookStatus struct {
	Agency    events.AgencyID  `json:"agency"`
	State     HookState        `json:"state"`
	Delivered uint64           `json:"delivered"`          // number of the last message that arrived
	Answered  uint64           `json:"answered,omitempty"` // position of the last receipt or refusal that did
	Waiting   int              `json:"waiting"`
	Oldest    *time.Time       `json:"oldest,omitempty"` // since when the first of them waits
	Failures  int              `json:"failures,omitempty"`
	Since     *time.Time       `json:"since,omitempty"` // of the first failure
	Next      *time.Time       `json:"next,omitempty"`  // when it is tried again
	Last      *webhook.Outcome `json:"last,omitempty"`
	Why       string           `json:"why,omitempty"` // it is disabled
}

// HookState says in a word how a webhook does.
type HookState string

// How a webhook does.
const (
	HookDelivering HookState = "delivering"
	HookFailing    HookState = "failing"
	HookDisabled   HookState = "disabled"
)

// List is how all webhooks stand, by agency.
func (hs *Hooks) List(ctx context.Context) (all []HookStatus, err error) {
	for _, k := range hs.hooks {
		s, err := k.status(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b HookStatus) int { return strings.Compare(string(a.Agency), string(b.Agency)) })
	return all, nil
}

func (k *hook) status(ctx context.Context) (HookStatus, error) {
	s := k.stands()
	out := HookStatus{Agency: k.Agency, State: HookDelivering, Delivered: s.Delivered, Answered: s.Answered, Failures: s.Failures}
	if s.Failures > 0 {
		out.State, out.Since, out.Next = HookFailing, &s.Since, &s.Next
	}
	if !s.LastAt.IsZero() {
		out.Last = &s.Last
	}
	switch {
	case k.Off:
		out.State, out.Why, out.Next = HookDisabled, "configuration", nil
	case s.Disabled != nil:
		out.State, out.Why, out.Next = HookDisabled, string(s.Disabled.Why), nil
	}
	err := k.waits(ctx, &out, `SELECT count(*), min(at) FROM told WHERE agency = ? AND seq > ? AND type <> '' AND hidden = 0`, s.Delivered)
	if err == nil && k.Answers && s.Answering {
		err = k.waits(ctx, &out, `SELECT count(*), min(at) FROM outcome WHERE agency = ? AND position > ?`, s.Answered)
	}
	return out, err
}

// waits adds what waits after a mark.
func (k *hook) waits(ctx context.Context, out *HookStatus, query string, after uint64) error {
	var n int
	var oldest sql.NullInt64
	err := k.hooks.Inbox.DB.Read.QueryRowContext(ctx, query, k.Agency, int64(after)).Scan(&n, &oldest)
	out.Waiting += n
	if at := time.Unix(0, oldest.Int64).UTC(); oldest.Valid && (out.Oldest == nil || at.Before(*out.Oldest)) {
		out.Oldest = &at
	}
	return err
}

// trialEvent is a message about nobody.
func trialEvent(a events.AgencyID, now time.Time) (id string, body []byte, err error) {
	e := event.New()
	e.SetID("test-" + string(a) + "-" + fmt.Sprintf("%016x", rand.Uint64()))
	e.SetSource(bus.SourceHub)
	e.SetType(string(events.TypeWebhookTest))
	e.SetTime(now.UTC())
	e.SetDataContentType("application/json")
	if e.DataEncoded, err = json.Marshal(map[string]events.AgencyID{"agency": a}); err != nil {
		return "", nil, err
	}
	m, err := bus.Structured(e)
	return e.ID(), m.Body, err
}
