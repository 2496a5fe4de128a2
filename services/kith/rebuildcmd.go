package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"kith/events/store"
	"kith/services/childview"
	"kith/services/identity"
	"kith/services/internal/follow"
	"kith/services/internal/rebuild"
	"kith/services/internal/sqlite"
	"kith/services/internal/telemetry"
	"kith/services/notices"
	"kith/services/retention"
	"kith/services/strategy"
)

// readModels are all read models of a hub, in the order in which it opens them.
func readModels(st *store.Store) []follow.Model {
	return []follow.Model{identity.Model(st.Pseudonym), childview.Model(), strategy.Model(st.Pseudonym), notices.Model(st.Pseudonym), retention.Model()}
}

// besides are what follows the ledger in the file of a read model.
func (r *record) besides() map[string]rebuild.Beside {
	return map[string]rebuild.Beside{"inbox": {Store: r.shown, Model: notices.Seen()}}
}

// rebuildOrder is what somebody asked for.
type rebuildOrder struct {
	only          string
	check, always bool
}

// rebuildLine is one line of what a rebuild says: one of the three.
type rebuildLine struct {
	Progress *rebuild.Progress `json:"progress,omitempty"`
	Outcome  *rebuild.Outcome  `json:"outcome,omitempty"`
	Failed   string            `json:"failed,omitempty"`
}

// runRebuild builds the read models anew, in the hub that runs on the data, or on
// the files if none does.
func runRebuild(ctx context.Context, c *call) error {
	data, conf := c.folder()
	var o rebuildOrder
	c.flags.StringVar(&o.only, "only", "", "build this one alone: identity, childview, strategy, inbox or retention")
	c.flags.BoolVar(&o.check, "check", false, "compare only; exit 1 if what serves is not what the log makes of it")
	when := c.flags.String("switch", "same", "same: put the new one in place if it holds the same; always: also if it does not, and keep the old one aside")
	asJSON := c.flags.Bool("json", false, "one JSON object a line")
	if err := c.parse(); err != nil {
		return err
	}
	p, err := whose(*data, *conf)
	if err != nil {
		return c.wrong("%v", err)
	}
	if *when != "same" && *when != "always" {
		return c.wrong("-switch is same or always, not %q", *when)
	}
	if o.only != "" && !slices.Contains([]string{"identity", "childview", "strategy", "inbox", "retention"}, o.only) {
		return c.wrong("-only is identity, childview, strategy, inbox or retention, not %q", o.only)
	}
	o.always = *when == "always"
	return o.ask(ctx, p, func(l rebuildLine) error { return l.print(c, *asJSON) })
}

func (o rebuildOrder) ask(ctx context.Context, p partnership, say func(rebuildLine) error) error {
	q := url.Values{"only": {o.only}, "check": {strconv.FormatBool(o.check)}, "always": {strconv.FormatBool(o.always)}}
	body, release, err := askHub(ctx, p, http.MethodPost, "/rebuild", q)
	if errors.Is(err, errNoHub) {
		defer release()
		return o.onFiles(ctx, p, say)
	}
	if err != nil {
		return err
	}
	defer body.Close()
	ended, failed := 0, error(nil)
	err = lines(body, func(l rebuildLine) error {
		if l.Outcome != nil {
			ended++
		}
		if l.Failed != "" {
			failed = errors.New(l.Failed)
			return nil
		}
		return say(l)
	})
	if err == nil && failed == nil && ended == 0 {
		err = errors.New("the hub ended in the middle of it; what served before still does")
	}
	return errors.Join(failed, err)
}

// onFiles rebuilds while no hub runs.
func (o rebuildOrder) onFiles(ctx context.Context, p partnership, say func(rebuildLine) error) error {
	tel, err := telemetry.Start(ctx, "kith-rebuild")
	if err != nil {
		return err
	}
	defer tel.Shutdown(context.WithoutCancel(ctx))
	r, err := openRecord(ctx, p, tel.Metrics)
	if err != nil {
		return err
	}
	defer r.close()
	c := rebuild.Config{Store: r.store, Beside: r.besides(), Log: tel.Log}
	for _, m := range readModels(r.store) {
		db, err := sqlite.Open(ctx, filepath.Join(p.dir, "models", m.Name+".db"), sqlite.Rebuildable)
		if err != nil {
			return fmt.Errorf("open read model %s: %w", m.Name, err)
		}
		defer db.Close()
		c.Models = append(c.Models, follow.Projection{Model: m, DB: db, Log: tel.Log})
	}
	return o.run(ctx, p.dir, c, say)
}

func (o rebuildOrder) run(ctx context.Context, dir string, c rebuild.Config, say func(rebuildLine) error) error {
	c.Dir, c.Check, c.Always = filepath.Join(dir, "models"), o.check, o.always
	c.Models = slices.DeleteFunc(c.Models, func(p follow.Projection) bool { return o.only != "" && p.Name != o.only })
	var said time.Time
	c.Tell = func(p rebuild.Progress) {
		if p.At < p.Until && time.Since(said) < time.Second {
			return
		}
		said = time.Now()
		_ = say(rebuildLine{Progress: &p}) // who no longer listens has ended the context
	}
	out, err := rebuild.Run(ctx, c)
	for i := range out {
		err = errors.Join(err, say(rebuildLine{Outcome: &out[i]}))
	}
	return err
}

// answerRebuild does it in the running hub; who goes away ends it.
func (h *hub) answerRebuild(w http.ResponseWriter, r *http.Request) {
	if !h.rebuilding.TryLock() {
		http.Error(w, "a rebuild is under way", http.StatusConflict)
		return
	}
	defer h.rebuilding.Unlock()
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
	enc := json.NewEncoder(w)
	say := func(l rebuildLine) error {
		err := enc.Encode(l)
		return errors.Join(err, http.NewResponseController(w).Flush())
	}
	o := rebuildOrder{only: r.FormValue("only"), check: r.FormValue("check") == "true", always: r.FormValue("always") == "true"}
	c := rebuild.Config{Store: h.record.store, Models: h.projections(), Beside: h.record.besides(), Followed: true, Log: h.tel.Log}
	if err := o.run(r.Context(), h.dir, c, say); err != nil {
		_ = say(rebuildLine{Failed: err.Error()})
	}
	h.identity.Rebuilt()
	h.retention.Rebuilt()
}

// projections are the read models in their files.
func (h *hub) projections() []follow.Projection {
	var ps []follow.Projection
	for i, m := range readModels(h.record.store) {
		ps = append(ps, follow.Projection{Model: m, DB: h.models[i], Log: h.tel.Log})
	}
	return ps
}

func (l rebuildLine) print(c *call, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(c.out).Encode(l)
	}
	if p := l.Progress; p != nil {
		_, err := fmt.Fprintf(c.err, "%d events, position %d of %d, %.0f events/s, %s left\n", p.Events, p.At, p.Until, p.Rate, time.Duration(p.Left*float64(time.Second)).Round(time.Second))
		return err
	}
	o := l.Outcome
	what := map[bool]string{true: "the same", false: "DIFFERS at " + o.Differs}[o.Same]
	if o.New {
		what = "nothing to compare with"
	}
	if o.Switched {
		what += ", switched"
	} else {
		what += ", not switched"
	}
	if o.Aside != "" {
		what += "; the old one is " + o.Aside
	}
	_, err := fmt.Fprintf(c.out, "%-10s at %d: %d rows, %d parked, sha256 %s: %s\n", o.Model, o.Position, o.Rows, o.Parked, o.Digest, what)
	return err
}
