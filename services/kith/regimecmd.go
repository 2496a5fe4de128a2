package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
)

// regimeAnswer is how the law of the hub's area stands.
type regimeAnswer struct {
	Area       events.AgencyID `json:"area"`
	Duty       bool            `json:"duty"` // whether section 16LA is in force now
	From       *time.Time      `json:"from,omitempty"`
	Instrument string          `json:"instrument,omitempty"`
}

// runRegime asks the running hub, which records it: commencement is one event.
func runRegime(ctx context.Context, c *call) error {
	verb := ""
	if len(c.args) > 0 && !strings.HasPrefix(c.args[0], "-") {
		verb, c.args = c.args[0], c.args[1:]
	}
	data, conf := c.folder()
	from := c.flags.String("from", "", "commence: the day on which the duty comes into force in this area, for example 2027-09-01; it may be to come")
	instrument := c.flags.String("instrument", "", "commence: the regulations that say so")
	reason := c.flags.String("reason", "", "revoke: why it is not in force after all; nothing personal")
	asJSON := c.flags.Bool("json", false, "one JSON object")
	if err := c.parse(); err != nil {
		return err
	}
	method, path := http.MethodGet, "/regime"
	switch verb {
	case "show":
	case "commence", "revoke":
		method, path = http.MethodPost, "/regime/"+verb
	default:
		return c.wrong("it is show, commence or revoke, for example: kith regime commence -config FILE -from 2027-09-01 -instrument TEXT")
	}
	p, err := whose(*data, *conf)
	if err != nil {
		return c.wrong("%v", err)
	}
	body, release, err := askHub(ctx, p, method, path, url.Values{"from": {*from}, "instrument": {*instrument}, "reason": {*reason}})
	if errors.Is(err, errNoHub) {
		release()
		return errors.New("no hub runs on that folder, and only a running one records the law of its area")
	}
	if err != nil {
		return err
	}
	defer body.Close()
	var a regimeAnswer
	if err := json.NewDecoder(body).Decode(&a); err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(c.out).Encode(a)
	}
	_, err = fmt.Fprintln(c.out, a)
	return err
}

func (a regimeAnswer) String() string {
	const duty = "the duty to share information (Children Act 2004, sections 16LA to 16LC)"
	switch {
	case a.From == nil:
		return fmt.Sprintf("in the area of %s %s has not commenced, as far as was recorded", a.Area, duty)
	case a.Duty:
		return fmt.Sprintf("in the area of %s %s is in force since %s: %s", a.Area, duty, a.From.Format(time.RFC3339), a.Instrument)
	}
	return fmt.Sprintf("in the area of %s %s comes into force at %s: %s", a.Area, duty, a.From.Format(time.RFC3339), a.Instrument)
}

// duty says whether section 16LA was in force at a moment, as it was known then.
func (h *hub) duty(ctx context.Context, at time.Time) (bool, error) {
	l, err := h.regime.Regime(ctx)
	return l.Duty(at), err
}

func (h *hub) answerRegime(w http.ResponseWriter, r *http.Request) {
	l, err := h.regime.Regime(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	now := time.Now()
	a := regimeAnswer{Area: h.authority, Duty: l.Duty(now)}
	if d, ok := l.Known(now); ok {
		a.From, a.Instrument = &d.From, d.Instrument
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a)
}

// changeRegime records what the operator says.
func (h *hub) changeRegime(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	cause := store.Cause{By: "operator", For: h.authority, Because: "regime-" + uuid.NewString()}
	var err error
	switch r.PathValue("verb") {
	case "commence":
		err = h.regime.Commence(r.Context(), cause, events.Date(q.Get("from")), q.Get("instrument"))
	case "revoke":
		err = h.regime.Revoke(r.Context(), cause, q.Get("reason"))
	default:
		http.NotFound(w, r)
		return
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		var lines []string
		for _, p := range f.At {
			lines = append(lines, "-"+p.Pointer+": "+p.Detail)
		}
		http.Error(w, strings.Join(lines, "\n"), http.StatusBadRequest)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	h.tel.Log.InfoContext(r.Context(), "the law of the area was recorded anew")
	h.answerRegime(w, r)
}
