package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/services/disclosure/policy"
)

// What the commands say that need no data: in words, and as JSON.
func TestPolicyCommands(t *testing.T) {
	set, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	if code, out := order(t, "policy", "print"); code != exitGood || out != string(set.Text()) {
		t.Errorf("print: %d", code)
	}
	draft := filepath.Join(t.TempDir(), "draft.cedar")
	text := strings.Replace(string(set.Text()), `"know-own"`, `"know-ours"`, 1)
	text = strings.Replace(text, `context.attending && context.purpose == "s47" && resource.guarded`, `context.attending && resource.guarded`, 1)
	if err := os.WriteFile(draft, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out := order(t, "policy", "check", draft)
	for _, want := range []string{fmt.Sprintf("good: %d policies", len(set.Policies())), "not among those that come with the hub: know-ours", "other than those that come with the hub: ask-originator", "left out of those that come with the hub: know-own"} {
		if code != exitGood || !strings.Contains(out, want) {
			t.Errorf("check: %d, no %q in\n%s", code, want, out)
		}
	}
	if code, _ := order(t, "policy", "check", "testdata/misspelt.cedar"); code != exitFailed {
		t.Errorf("a misspelt role: %d", code)
	}
	for _, wrong := range [][]string{{}, {"forget"}, {"check"}, {"explain", "-role", "wizard"}, {"explain", "-ties", "blood"}, {"explain", "-act", "steal"},
		{"replay", "-data", "x"}, {"what-if", "-data", "x"}, {"what-if", "-data", "x", "-policy", draft, "-since", "yesterday"}} {
		if code, _ := order(t, append([]string{"policy"}, wrong...)...); code != exitUsage {
			t.Errorf("%v: %d", wrong, code)
		}
	}
}

// The folder of a demonstration does as well as its hub's.
func TestWhoseFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "hub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if p, err := whose(dir, ""); err != nil || p.dir != dir {
		t.Errorf("%q, %v", p.dir, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "hub", "events.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := whose(dir, ""); err != nil || p.dir != filepath.Join(dir, "hub") {
		t.Errorf("%q, %v", p.dir, err)
	}
}

func TestPolicyExplain(t *testing.T) {
	explained := func(args ...string) (es []policy.Explanation) {
		code, out := order(t, append([]string{"policy", "explain", "-json"}, args...)...)
		if code != exitGood {
			t.Fatalf("%v: %d", args, code)
		}
		if err := lines(strings.NewReader(out), func(e policy.Explanation) error { es = append(es, e); return nil }); err != nil {
			t.Fatal(err)
		}
		return es
	}
	// The chair sees a police incident for section 47, and would not without it.
	es := explained("-role", "chair", "-kind", "socialcare", "-authority", "-ties", "concern", "-from", "police")
	if len(es) != 3 || !es[2].Allow || es[2].Permits[0].ID != "core-for-authority" || len(es[2].Forbids) != 0 {
		t.Errorf("%+v", es)
	}
	if !nearly(es[2], "the purpose were care-planning", false) || !nearly(es[2], "it stays with its originator", false) {
		t.Errorf("%+v", es[2].Nearly)
	}
	// Intelligence stays with its originator, and both sides are named.
	e := explained("-role", "chair", "-kind", "socialcare", "-authority", "-ties", "attending", "-caveats", "police-intelligence", "-act", "see")[0]
	if e.Allow || e.Forbids[0].ID != "invariant-guarded" || len(e.Permits) == 0 {
		t.Errorf("%+v", e)
	}
	// A nurse outside of a discussion would see it inside of one.
	e = explained("-role", "practitioner", "-kind", "health", "-ties", "holds", "-act", "see")[0]
	if e.Allow || !nearly(e, "takes part in an open strategy discussion", true) {
		t.Errorf("%+v", e)
	}
	// With consent withdrawn it is a forbid that speaks, whatever permits.
	e = explained("-role", "practitioner", "-kind", "health", "-purpose", "early-help", "-basis", "consent", "-scope", "early-help", "-consent", "withdrawn", "-act", "see")[0]
	if e.Allow || e.Forbids[0].ID != "consent-withdrawn" || !nearly(e, "stood as in-force", true) {
		b, _ := json.Marshal(e)
		t.Errorf("%s", b)
	}
}

func nearly(e policy.Explanation, says string, allow bool) bool {
	for _, n := range e.Nearly {
		if strings.Contains(n.If, says) && n.Allow == allow {
			return true
		}
	}
	return false
}
