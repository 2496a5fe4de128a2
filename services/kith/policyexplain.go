package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"kith/events"
	"kith/services/disclosure/policy"
)

// described is a reader, a purpose and an item as the command line describes them.
type described struct {
	file                                string
	role, kind, purpose, ties, act      string
	from, label, caveats                string
	basis, condition, scope, consent    string
	authority, own, paragraph18, asJSON bool
}

// explainPolicies says who would see what, and which policies say so. It needs no
// data of anybody.
func explainPolicies(c *call) error {
	var d described
	d.flags(c)
	if err := c.parse(); err != nil {
		return err
	}
	r, err := d.request()
	if err != nil {
		return c.wrong("%v", err)
	}
	set, err := loadPolicies(d.file)
	if err != nil {
		return err
	}
	acts := []policy.Act{policy.Open, policy.Know, policy.See}
	if d.act != "" {
		acts = []policy.Act{policy.Act(d.act)}
	}
	for _, r.Act = range acts {
		e := set.Explain(r)
		if d.asJSON {
			err = json.NewEncoder(c.out).Encode(e)
		} else {
			err = sayExplained(c.out, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *described) flags(c *call) {
	text := func(into *string, name, usual, about string) { c.flags.StringVar(into, name, usual, about) }
	text(&d.file, "policy", "", "a Cedar file; what comes with the hub if left out")
	text(&d.act, "act", "", "what the reader wants, for example know, see or read-discussion; open, know and see if left out")
	text(&d.role, "role", "practitioner", "the reader's role")
	text(&d.kind, "kind", "health", "kind of the reader's agency")
	c.flags.BoolVar(&d.authority, "authority", false, "the reader works for the local authority")
	text(&d.purpose, "purpose", "s47", "what the reader states")
	text(&d.ties, "ties", "holds", "what connects them to the child, separated by commas: holds, concern, took-part, attending, invited; or none")
	c.flags.BoolVar(&d.own, "own", false, "the item is of the reader's own agency")
	text(&d.from, "from", "police", "kind of the agency that recorded the item")
	text(&d.label, "label", "core", "its label")
	text(&d.caveats, "caveats", "", "its caveats, separated by commas")
	text(&d.basis, "basis", "public-task", "its lawful basis, UK GDPR Article 6")
	text(&d.condition, "condition", "", "its condition for special category data, Article 9")
	c.flags.BoolVar(&d.paragraph18, "paragraph18", false, "paragraph 18 is stated in full")
	text(&d.scope, "scope", "", "what consent is for, if it rests on consent")
	text(&d.consent, "consent", "", "how that consent stands")
	c.flags.BoolVar(&d.asJSON, "json", false, "one JSON object for each act")
}

// request is what is described, or what of it there is not.
func (d described) request() (policy.Request, error) {
	for _, v := range []struct{ flag, value, of, attribute string }{
		{"role", d.role, "principal", "role"}, {"kind", d.kind, "principal", "kind"}, {"purpose", d.purpose, "context", "purpose"},
		{"from", d.from, "resource", "kind"}, {"label", d.label, "resource", "label"}, {"basis", d.basis, "resource", "basis"},
		{"condition", d.condition, "resource", "condition"}, {"scope", d.scope, "resource", "scope"}, {"consent", d.consent, "resource", "consent"},
	} {
		if may := policy.Values(v.of, v.attribute); !slices.Contains(may, v.value) {
			return policy.Request{}, fmt.Errorf("-%s is one of %s, not %q", v.flag, strings.Trim(strings.Join(may, ", "), ", "), v.value)
		}
	}
	if d.act != "" && !slices.Contains(policy.Acts(), policy.Act(d.act)) {
		return policy.Request{}, fmt.Errorf("-act is one of %v, not %q", policy.Acts(), d.act)
	}
	it := events.Item{Kind: events.AgencyKind(d.from), Shared: events.Shared{Label: events.Label(d.label),
		Basis: events.Basis{Article6: events.Article6(d.basis), Article9: events.Article9(d.condition), Scope: events.Scope(d.scope)}}}
	for _, c := range split(d.caveats) {
		it.Caveats = append(it.Caveats, events.Caveat(c))
	}
	r := policy.Request{Purpose: events.Purpose(d.purpose), Thing: policy.Item(it, "nobody", nil, time.Time{}),
		Reader: policy.Reader{Role: events.ReaderRole(d.role), Kind: events.AgencyKind(d.kind), Authority: d.authority}}
	r.Thing.Own, r.Thing.Paragraph18 = d.own, d.paragraph18
	if d.consent != "" {
		r.Thing.Consent = policy.Standing(d.consent)
	}
	for _, t := range split(d.ties) {
		tie := map[string]*bool{"holds": &r.Ties.Holds, "concern": &r.Ties.Concern, "took-part": &r.Ties.TookPart,
			"attending": &r.Ties.Attending, "invited": &r.Ties.Invited, "copying": &r.Ties.Copying, "none": new(bool)}[t]
		if tie == nil {
			return r, fmt.Errorf("-ties are holds, concern, took-part, attending, invited and copying, or none, not %q", t)
		}
		*tie = true
	}
	r.Ties.TookPart = r.Ties.TookPart || r.Ties.Attending
	return r, nil
}

func answered(allow, review bool) string {
	switch {
	case allow:
		return "yes"
	case review:
		return "a person judges"
	}
	return "no"
}

func split(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

func sayExplained(w io.Writer, e policy.Explanation) error {
	fmt.Fprintf(w, "%s: %s. %s\n", e.Act, answered(e.Allow, e.Review), e.Reason)
	for _, l := range []struct {
		what string
		ps   []policy.Policy
	}{{"for", e.Permits}, {"against", e.Forbids}} {
		for _, p := range l.ps {
			fmt.Fprintf(w, "  %-7s %s: %s\n          %s\n", l.what, p.ID, p.Because, p.Basis)
		}
	}
	for _, n := range e.Nearly {
		by := strings.Join(n.By, ", ")
		if by == "" {
			by = "no policy permits it then"
		}
		fmt.Fprintf(w, "  %s if %s (%s)\n", answered(n.Allow, n.Review), n.If, by)
	}
	_, err := fmt.Fprintln(w)
	return err
}
