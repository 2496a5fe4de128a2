package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kith/events"
	"kith/services/fault"
	"kith/services/internal/webhook"
	"kith/services/notices"
)

// runWebhook asks the running hub about its webhooks; secret and verify need none.
func runWebhook(ctx context.Context, c *call) error {
	verb := ""
	if len(c.args) > 0 && !strings.HasPrefix(c.args[0], "-") {
		verb, c.args = c.args[0], c.args[1:]
	}
	switch verb {
	case "secret":
		return makeSecret(c)
	case "verify":
		return verifyDelivery(c)
	case "", "list", "test", "enable", "disable":
		return askWebhooks(ctx, c, verb)
	}
	return c.wrong("it is list, test, enable, disable, secret or verify, not %q", verb)
}

func askWebhooks(ctx context.Context, c *call, verb string) error {
	data, conf := c.folder()
	asJSON := c.flags.Bool("json", false, "as JSON")
	rest, err := c.mixed()
	if err != nil {
		return err
	}
	if verb == "" || (verb == "list") != (len(rest) == 0) || len(rest) > 1 {
		return c.wrong("say what to do, and of which agency: kith webhook list -data DIR, or kith webhook test|enable|disable -data DIR AGENCY")
	}
	p, err := whose(*data, *conf)
	if err != nil {
		return c.wrong("%v", err)
	}
	method, path := http.MethodGet, "/webhooks"
	if verb != "list" {
		method, path = http.MethodPost, "/webhooks/"+rest[0]+"/"+verb
		if !knownID(events.AgencyID(rest[0])) {
			return c.wrong("an agency's id is a-z, 0-9 and hyphens")
		}
	}
	body, release, err := askHub(ctx, p, method, path, nil)
	if errors.Is(err, errNoHub) {
		release()
		return errors.New("no hub runs on that folder, and none but a running one serves webhooks")
	}
	if err != nil {
		return err
	}
	defer body.Close()
	var a webhookAnswer
	if err := json.NewDecoder(body).Decode(&a); err != nil {
		return err
	}
	return a.show(c, *asJSON)
}

// webhookAnswer is what the running hub says: all webhooks, or what became of a test.
type webhookAnswer struct {
	Webhooks []notices.HookStatus `json:"webhooks,omitempty"`
	Test     *notices.Trial       `json:"test,omitempty"`
}

var errNotDelivered = errors.New("the test did not arrive; docs/operations.md says what each word means")

func (a webhookAnswer) show(c *call, asJSON bool) error {
	failed := error(nil)
	if a.Test != nil && !a.Test.Good() {
		failed = errNotDelivered
	}
	if asJSON {
		return errors.Join(failed, json.NewEncoder(c.out).Encode(a))
	}
	for _, s := range a.Webhooks {
		fmt.Fprintf(c.out, "%-24s %-10s delivered up to %s, %d wait%s\n", s.Agency, s.State, events.InboxMark{Seq: s.Delivered, Position: s.Answered}, s.Waiting, since(s.Oldest))
		if s.Why != "" {
			fmt.Fprintf(c.out, "  disabled: %s\n", s.Why)
		}
		if s.State == notices.HookFailing {
			fmt.Fprintf(c.out, "  %d failures since %s, tried again at %s\n", s.Failures, s.Since.Format(time.RFC3339), s.Next.Format(time.RFC3339))
		}
		outcome(c, "last try", s.Last)
	}
	if a.Test != nil {
		outcome(c, "asked for permission", a.Test.Asked)
		outcome(c, "sent", a.Test.Sent)
	}
	return failed
}

func outcome(c *call, what string, o *webhook.Outcome) {
	if o == nil {
		return
	}
	status := ""
	if o.Status != 0 {
		status = fmt.Sprintf(", status %d", o.Status)
	}
	fmt.Fprintf(c.out, "  %s: %s%s\n", what, o.Code, status)
}

func (h *hub) answerWebhooks(w http.ResponseWriter, r *http.Request) {
	h.answerHooks(w, r, func(*notices.Hooks) (webhookAnswer, error) { return webhookAnswer{}, nil })
}

func (h *hub) answerWebhook(w http.ResponseWriter, r *http.Request) {
	a := events.AgencyID(r.PathValue("agency"))
	h.answerHooks(w, r, func(hs *notices.Hooks) (out webhookAnswer, err error) {
		switch r.PathValue("verb") {
		case "enable":
			err = hs.Enable(r.Context(), a)
		case "disable":
			err = hs.Disable(r.Context(), a)
		case "test":
			var t notices.Trial
			t, err = hs.Test(r.Context(), a)
			return webhookAnswer{Test: &t}, err
		default:
			err = fault.NotFound
		}
		return out, err
	})
}

// answerHooks says, after what was asked for, how all webhooks stand.
func (h *hub) answerHooks(w http.ResponseWriter, r *http.Request, do func(*notices.Hooks) (webhookAnswer, error)) {
	var hs *notices.Hooks
	if h.webhooks != nil {
		hs = h.webhooks.hooks.Load()
	}
	if hs == nil {
		http.Error(w, "this hub serves no webhooks: none is configured, or another hub over the same database does", http.StatusConflict)
		return
	}
	a, err := do(hs)
	if err == nil && a.Test == nil {
		a.Webhooks, err = hs.List(r.Context())
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a)
}

// makeSecret adds a key to a file, so that both the old and the new one sign.
func makeSecret(c *call) error {
	out := c.flags.String("out", "", "the file, which webhooks.….secretFile names; a key is added if it is there")
	pair := c.flags.Bool("ed25519", false, "a pair: only the hub can sign, the agency gets the public half")
	asJSON := c.flags.Bool("json", false, "as JSON")
	if err := c.parse(); err != nil {
		return err
	}
	if *out == "" {
		return c.wrong("-out is needed, for example: kith webhook secret -out oakfield.secret")
	}
	line := webhook.NewShared()
	forAgency := line
	if *pair {
		var err error
		if line, forAgency, err = webhook.NewPair(); err != nil {
			return err
		}
	}
	if err := addLine(*out, line); err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(c.out).Encode(map[string]string{"receiver": forAgency})
	}
	_, err := fmt.Fprintf(c.out, "for the agency, by a way on which nobody else reads it:\n%s\n", forAgency)
	return err
}

func addLine(path, line string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line + "\n")
	return errors.Join(err, f.Sync(), f.Close())
}

// verifyDelivery checks a delivery that somebody kept, with its three headers.
func verifyDelivery(c *call) error {
	key := c.flags.String("key", "", "file of what the receiver holds, whsec_… or whpk_…, one a line")
	id := c.flags.String("id", "", "the header webhook-id")
	stamp := c.flags.String("timestamp", "", "the header webhook-timestamp")
	signature := c.flags.String("signature", "", "the header webhook-signature")
	at := c.flags.String("at", "", "when it came, RFC 3339; now")
	rest, err := c.mixed()
	if err != nil {
		return err
	}
	if *key == "" || len(rest) != 1 {
		return c.wrong("for example: kith webhook verify -key FILE -id ID -timestamp SECONDS -signature 'v1,…' BODY")
	}
	when := time.Now()
	if *at != "" {
		if when, err = time.Parse(time.RFC3339, *at); err != nil {
			return c.wrong("-at is a moment, for example 2026-11-24T09:00:00Z")
		}
	}
	text, err := os.ReadFile(filepath.Clean(*key))
	if err != nil {
		return err
	}
	keys, err := webhook.CheckingKeys(text)
	if err != nil {
		return err
	}
	body, err := input(rest[0])
	if err != nil {
		return err
	}
	h := http.Header{}
	h.Set("webhook-id", *id)
	h.Set("webhook-timestamp", *stamp)
	h.Set("webhook-signature", *signature)
	if err := webhook.Verify(h, keys, body, when); err != nil {
		return err
	}
	fmt.Fprintln(c.out, "the signature is good")
	return nil
}
