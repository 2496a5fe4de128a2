package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kith/events"
	"kith/services/internal/sqlite"
	"kith/services/internal/telemetry"
	"kith/services/internal/webhook"
	"kith/services/notices"
)

// Webhook is where an agency wants its inbox delivered.
type Webhook struct {
	URL        string         `json:"url"`        // needed; https, or http on this machine
	SecretFile string         `json:"secretFile"` // file of the keys that sign, one a line, whsec_… or whsk_…; needed
	Answers    bool           `json:"answers"`    // receipts and refusals too; false
	Disabled   bool           `json:"disabled"`   // nothing is sent; false
	Networks   []netip.Prefix `json:"networks"`   // that it may lie in beside the public network; none
	CAFile     string         `json:"caFile"`     // certificates that vouch for it, PEM; those of this machine
	Vouched    bool           `json:"vouched"`    // you know that it wants these messages, and it is not asked; false
}

func (cs *checks) webhooks(c HubConfig, known map[events.AgencyID]events.AgencyKind) {
	cs.that(len(c.Webhooks) == 0 || dnsName(c.Origin), "origin must be the hub's name in DNS, for example hub.example; webhooks need it")
	for _, id := range slices.Sorted(maps.Keys(c.Webhooks)) {
		w, at := c.Webhooks[id], "webhooks."+string(id)
		_, err := webhook.CheckURL(w.URL)
		cs.that(known[id] != "", "webhooks: %s must be one of the agencies", id)
		cs.that(err == nil, "%s.url %w", at, err)
		cs.that(w.SecretFile != "", "%s.secretFile is needed; kith webhook secret makes one", at)
		for i, n := range w.Networks {
			narrow := n.Addr().Is4() && n.Bits() >= 8 || n.Addr().Is6() && n.Bits() >= 32
			cs.that(narrow && n == n.Masked(), "%s.networks[%d] must be a network no wider than /8, or /32 of IPv6, written by its first address", at, i)
		}
	}
}

// dnsName takes what can stand in a header and names a system.
func dnsName(s string) bool {
	return s != "" && len(s) <= 253 && !strings.ContainsFunc(strings.ToLower(s), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.'
	})
}

// target is what a sender is told.
func (w Webhook) target(origin string) (webhook.Target, error) {
	t := webhook.Target{URL: w.URL, Networks: w.Networks, Origin: origin, Keys: func() ([]webhook.Key, error) {
		text, err := os.ReadFile(w.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("secretFile: %w", err)
		}
		keys, err := webhook.SigningKeys(text)
		if err != nil {
			return nil, fmt.Errorf("secretFile: %w", err)
		}
		return keys, nil
	}}
	if w.CAFile != "" {
		text, err := os.ReadFile(w.CAFile)
		if t.Roots = x509.NewCertPool(); err == nil && !t.Roots.AppendCertsFromPEM(text) {
			err = errors.New("it holds no certificate in PEM")
		}
		if err != nil {
			return t, fmt.Errorf("caFile: %w", err)
		}
	}
	_, err := t.Keys() // better now than at the first message
	return t, err
}

// webhooks are the agencies' webhooks at this hub. Of several hubs one serves
// them, and when it ends, or dies, another goes on where it was.
type webhooks struct {
	hooks   atomic.Pointer[notices.Hooks] // nil: another hub serves them
	db      *sqlite.DB
	cancel  context.CancelFunc
	waiting sync.WaitGroup
}

func (h *hub) openWebhooks(ctx context.Context) error {
	if len(h.hooks) == 0 {
		return nil
	}
	hs, err := h.hookList()
	if err != nil {
		return err
	}
	h.webhooks = &webhooks{}
	ctx, h.webhooks.cancel = context.WithCancel(context.WithoutCancel(ctx))
	tried := h.tel.Metrics.Webhooks(h.webhooks.measure)
	c := notices.HooksConfig{Inbox: h.inbox, Hooks: hs, Log: h.tel.Log,
		Record: func(ctx context.Context, a events.AgencyID, m events.Told) error {
			if h.register.revoked(a) {
				return errors.New("this agency was revoked")
			}
			return h.gate.Told(ctx, events.Reader{Actor: "webhook", Agency: a}, m)
		},
		Tried: func(a events.AgencyID, c webhook.Code) { tried(string(h.agency(a).Kind), string(c)) },
	}
	turns := h.turns("webhooks")
	if turns == nil {
		return h.webhooks.start(ctx, filepath.Join(h.dir, "webhooks.db"), c)
	}
	h.webhooks.waiting.Go(func() {
		unlock, err := turns.Lock(ctx)
		if err != nil {
			return // it ended before it was this one's turn
		}
		defer unlock()
		if err := h.webhooks.start(ctx, filepath.Join(h.keysDir(), "webhooks.db"), c); err != nil {
			h.tel.Log.Error("webhooks cannot be served", "error", err)
		}
		<-ctx.Done()
		h.webhooks.end()
	})
	return nil
}

func (h *hub) hookList() (hs []notices.Hook, err error) {
	for _, id := range slices.Sorted(maps.Keys(h.hooks)) {
		w := h.hooks[id]
		t, err := w.target(h.origin)
		if err != nil {
			return nil, fmt.Errorf("webhooks.%s: %w", id, err)
		}
		s, err := webhook.NewSender(t)
		if err != nil {
			return nil, fmt.Errorf("webhooks.%s.url %w", id, err)
		}
		hs = append(hs, notices.Hook{Agency: id, Sender: s, Answers: w.Answers, Vouched: w.Vouched, Off: w.Disabled})
	}
	return hs, nil
}

func (w *webhooks) start(ctx context.Context, path string, c notices.HooksConfig) (err error) {
	if w.db, err = sqlite.Open(ctx, path, sqlite.Durable); err != nil {
		return err
	}
	c.DB = w.db
	hooks, err := notices.StartHooks(ctx, c)
	if err == nil {
		w.hooks.Store(hooks)
	}
	return err
}

// end lets what is under way end. It may be called twice, not at once.
func (w *webhooks) end() {
	if hooks := w.hooks.Swap(nil); hooks != nil {
		hooks.Close()
	}
	if w.db != nil {
		_ = w.db.Close()
		w.db = nil
	}
}

func (w *webhooks) close() {
	if w != nil {
		w.cancel()
		w.waiting.Wait()
		w.end()
	}
}

// measure is for the metrics; a hub that does not serve them shows none.
func (w *webhooks) measure() (m telemetry.Webhooks) {
	hooks := w.hooks.Load()
	if hooks == nil {
		return m
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	all, _ := hooks.List(ctx)
	for _, s := range all {
		switch s.State {
		case notices.HookDisabled:
			m.Disabled++
			continue
		case notices.HookFailing:
			m.Failing++
		case notices.HookDelivering:
			m.Delivering++
		}
		if s.Oldest != nil {
			m.Oldest = max(m.Oldest, time.Since(*s.Oldest))
		}
	}
	return m
}
