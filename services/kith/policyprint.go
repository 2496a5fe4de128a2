package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

func (l policyLine) print(c *call, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(c.out).Encode(l)
	}
	switch {
	case l.Read != nil:
		l.Read.print(c)
	case l.Replayed != nil:
		fmt.Fprintf(c.out, "%d reads: %d decided again as recorded, %d not, %d cannot be decided again\n", l.Replayed.Reads, l.Replayed.Same, l.Replayed.Different, l.Replayed.Not)
	case l.Change != nil:
		l.Change.print(c)
	case l.WhatIf != nil:
		s := l.WhatIf
		fmt.Fprintf(c.out, "%d reads: in %d the draft shows the same, in %d it does not; %d cannot be decided again, those that found nobody among them\n", s.Reads, s.Same, s.Changed, s.Not)
		fmt.Fprintf(c.out, "items disclosed that were withheld: %d; withheld that were shown: %d\n", s.Disclosed, s.Withheld)
	default:
		fmt.Fprintf(c.err, "%d reads so far\n", l.Progress)
	}
	return nil
}

func (r *replayedRead) print(c *call) {
	fmt.Fprintf(c.out, "read %d, %s: %s (%s) of %s, %s for %s, policies %s\n", r.Read, r.At.Format("2006-01-02 15:04:05 MST"), r.Reader, r.Role, r.Agency, r.What, r.Purpose, r.Policy)
	if r.Note != "" {
		fmt.Fprintf(c.out, "  %s\n", r.Note)
		return
	}
	for _, v := range r.Verdicts {
		what := map[bool]string{true: "shown", false: "withheld"}[v.Shown]
		fmt.Fprintf(c.out, "  %-8s %s, %s, of %s: %s", what, v.Item, v.Label, v.Agency, v.Reason)
		if v.Policy != "" {
			fmt.Fprintf(c.out, " (%s)", v.Policy)
		}
		fmt.Fprintln(c.out)
	}
	if r.Same {
		fmt.Fprintln(c.out, "decided again, it is what was recorded")
		return
	}
	for _, d := range r.Differs {
		fmt.Fprintf(c.out, "  DIFFERS: %s\n", d)
	}
}

func (r *change) print(c *call) {
	var ids []string
	for _, i := range r.Items {
		ids = append(ids, string(i))
	}
	policy := r.Policy
	if policy == "" {
		policy = "no policy permits it"
	}
	fmt.Fprintf(c.out, "would %s to %s: %s of %s, %d times, %d items, by %s: %s\n  %s\n", r.Would, r.Role, r.Label, r.Agency, r.Reads, len(r.Items), policy, r.Because, strings.Join(ids, " "))
}
