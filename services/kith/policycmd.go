package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kith/events/store"
	"kith/services/disclosure/policy"
	"kith/services/internal/telemetry"
)

const policyVerbs = "check, explain, print, replay or what-if"

// runPolicy is kith policy.
func runPolicy(ctx context.Context, c *call) error {
	if len(c.args) == 0 || strings.HasPrefix(c.args[0], "-") {
		if err := c.parse(); err != nil { // -h
			return err
		}
		return c.wrong("say what to do: %s", policyVerbs)
	}
	verb := c.args[0]
	switch c = c.inner(); verb {
	case "check":
		return checkPolicies(c)
	case "explain":
		return explainPolicies(c)
	case "print":
		return printPolicies(c)
	case "replay":
		return replayReads(ctx, c)
	case "what-if":
		return whatIfPolicies(ctx, c)
	}
	return c.wrong("there is no %q: %s", verb, policyVerbs)
}

// printPolicies prints what comes with the hub, to begin a local file with.
func printPolicies(c *call) error {
	if err := c.parse(); err != nil {
		return err
	}
	set, err := policy.Default()
	if err == nil {
		_, err = c.out.Write(set.Text())
	}
	return err
}

// policyOrder is what is asked of the hub, or done on its files if none runs.
type policyOrder struct {
	read  store.Position // 0: all of them
	draft string         // Cedar text; "": no draft, but what was decided
	since time.Time
}

// policyLine is one line of the answer: one of these.
type policyLine struct {
	Progress int           `json:"progress,omitempty"` // reads so far
	Read     *replayedRead `json:"read,omitempty"`
	Replayed *replaySum    `json:"replayed,omitempty"`
	Change   *change       `json:"change,omitempty"`
	WhatIf   *whatIfSum    `json:"whatIf,omitempty"`
	Failed   string        `json:"failed,omitempty"`
}

func replayReads(ctx context.Context, c *call) error {
	data, conf := c.folder()
	read := c.flags.Uint64("read", 0, "position of the entry in the ledger, as the page of who looked names it")
	all := c.flags.Bool("all", false, "every read: say which differ, and how many do not")
	asJSON := c.flags.Bool("json", false, "one JSON object a line")
	if err := c.parse(); err != nil {
		return err
	}
	p, err := whose(*data, *conf)
	if err != nil {
		return c.wrong("%v", err)
	}
	if (*read == 0) == !*all {
		return c.wrong("-read or -all is needed, one of them, for example: kith policy replay -data data -read 17")
	}
	differs := false
	err = policyOrder{read: store.Position(*read)}.ask(ctx, p, func(l policyLine) error {
		differs = differs || l.Read != nil && l.Read.Note == "" && !l.Read.Same
		return l.print(c, *asJSON)
	})
	if err == nil && differs {
		err = errors.New("what is decided again is not what was recorded")
	}
	return err
}

func whatIfPolicies(ctx context.Context, c *call) error {
	data, conf := c.folder()
	file := c.flags.String("policy", "", "the draft: a Cedar file, whole, as the configuration would name it")
	since := c.flags.String("since", "", "only reads since this day, for example 2026-11-01; all of them if left out")
	asJSON := c.flags.Bool("json", false, "one JSON object a line")
	if err := c.parse(); err != nil {
		return err
	}
	p, err := whose(*data, *conf)
	if err != nil {
		return c.wrong("%v", err)
	}
	if *file == "" {
		return c.wrong("-policy is needed, for example: kith policy what-if -policy draft.cedar -data data")
	}
	draft, err := loadPolicies(*file)
	if err != nil {
		return err
	}
	o := policyOrder{draft: string(draft.Text())}
	if *since != "" {
		if o.since, err = time.Parse(time.DateOnly, *since); err != nil {
			return c.wrong("-since is a day, for example 2026-11-01, not %q", *since)
		}
	}
	return o.ask(ctx, p, func(l policyLine) error { return l.print(c, *asJSON) })
}

func checkPolicies(c *call) error {
	asJSON := c.flags.Bool("json", false, "one JSON object")
	if err := c.parse(); err != nil {
		return err
	}
	if c.flags.NArg() != 1 {
		return c.wrong("one file is needed, for example: kith policy check local.cedar")
	}
	set, err := loadPolicies(c.flags.Arg(0))
	if err != nil {
		return err
	}
	shipped, err := policy.Default()
	if err != nil {
		return err
	}
	d := set.Since(shipped)
	if *asJSON {
		return json.NewEncoder(c.out).Encode(d)
	}
	fmt.Fprintf(c.out, "good: %d policies, hash %s\n", d.Policies, d.Hash)
	for _, l := range []struct {
		what string
		ids  []string
	}{{"not among those that come with the hub", d.Added}, {"other than those that come with the hub", d.Changed}, {"left out of those that come with the hub", d.Dropped}} {
		for _, id := range l.ids {
			fmt.Fprintf(c.out, "  %s: %s\n", l.what, id)
		}
	}
	return nil
}

func (o policyOrder) query() url.Values {
	q := url.Values{"read": {strconv.FormatUint(uint64(o.read), 10)}, "draft": {o.draft}}
	if !o.since.IsZero() {
		q.Set("since", o.since.Format(time.DateOnly))
	}
	return q
}

// ask has the running hub do it, or does it on the files.
func (o policyOrder) ask(ctx context.Context, p partnership, say func(policyLine) error) error {
	body, release, err := askHub(ctx, p, http.MethodPost, "/policy", o.query())
	if errors.Is(err, errNoHub) {
		defer release()
		return o.onFiles(ctx, p, say)
	}
	if err != nil {
		return err
	}
	defer body.Close()
	ended, failed := false, error(nil)
	err = lines(body, func(l policyLine) error {
		if l.Failed != "" {
			failed = errors.New(l.Failed)
			return nil
		}
		ended = ended || l.Progress == 0
		return say(l)
	})
	if err == nil && failed == nil && !ended {
		err = errors.New("the hub ended in the middle of it")
	}
	return errors.Join(failed, err)
}

func (o policyOrder) onFiles(ctx context.Context, p partnership, say func(policyLine) error) error {
	tel, err := telemetry.Start(ctx, "kith-policy")
	if err != nil {
		return err
	}
	defer tel.Shutdown(context.WithoutCancel(ctx))
	r, err := openRecord(ctx, p, tel.Metrics)
	if err != nil {
		return err
	}
	defer r.close()
	return o.run(ctx, newReplays(p.dir, r), say)
}

func (o policyOrder) run(ctx context.Context, r *replays, say func(policyLine) error) error {
	var said time.Time
	tell := func(l policyLine) error {
		if l.Progress > 0 {
			if time.Since(said) < time.Second {
				return nil
			}
			said = time.Now()
		}
		return say(l)
	}
	switch {
	case o.draft != "":
		draft, err := policy.Load([]byte(o.draft))
		if err != nil {
			return err
		}
		return r.whatIf(ctx, draft, o.since, tell)
	case o.read > 0:
		one, err := r.one(ctx, o.read)
		if err != nil {
			return err
		}
		return tell(policyLine{Read: &one})
	}
	return r.all(ctx, tell)
}

// answerPolicy does it in the running hub; who goes away ends it.
func (h *hub) answerPolicy(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
	enc := json.NewEncoder(w)
	say := func(l policyLine) error {
		err := enc.Encode(l)
		return errors.Join(err, http.NewResponseController(w).Flush())
	}
	read, err := strconv.ParseUint(r.FormValue("read"), 10, 64)
	o := policyOrder{read: store.Position(read), draft: r.FormValue("draft")}
	if since := r.FormValue("since"); since != "" && err == nil {
		o.since, err = time.Parse(time.DateOnly, since)
	}
	if err != nil {
		http.Error(w, "read is a position and since a day", http.StatusBadRequest)
		return
	}
	if err := o.run(r.Context(), newReplays(h.dir, h.record), say); err != nil {
		_ = say(policyLine{Failed: err.Error()})
	}
}
