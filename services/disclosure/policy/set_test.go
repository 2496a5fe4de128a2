package policy

import (
	"errors"
	"strings"
	"testing"
)

func defaultSet(t testing.TB) *Set {
	t.Helper()
	s, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const good = `@id("a") @basis("b") @because("c") permit (principal, action == Action::"see", resource) when { resource.own };`

func TestLoadRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"text that is not Cedar": "allow everything",
		"no id":                  strings.Replace(good, `@id("a")`, "", 1),
		"no basis":               strings.Replace(good, `@basis("b")`, "", 1),
		"an empty because":       strings.Replace(good, `"c"`, `" "`, 1),
		"the same id twice":      good + good,
		"every act":              strings.Replace(good, `action == Action::"see"`, "action", 1),
		"an act misspelt":        strings.Replace(good, `"see"`, `"sea"`, 1),
		"an act of another type": strings.Replace(good, `Action::`, `Deed::`, 1),
		"what no request has":    strings.Replace(good, "resource.own", "resource.owned", 1),
		"a role misspelt":        strings.Replace(good, "resource.own", `principal.role == "socialworker"`, 1),
		"one of them misspelt":   strings.Replace(good, "resource.own", `["s47", "s-17"].contains(context.purpose)`, 1),
		"the other way round":    strings.Replace(good, "resource.own", `"sensible" == resource.label || resource.own`, 1),
	} {
		if _, err := Load([]byte(text)); !errors.Is(err, ErrPolicies) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load([]byte(good)); err != nil {
		t.Error(err)
	}
}

// Who writes policies is told the line and what would do.
func TestLoadSaysWhere(t *testing.T) {
	for text, want := range map[string][]string{
		good + "\n\n" + strings.Replace(strings.Replace(good, `"a"`, `"z"`, 1), "resource.own", `principal.role == "socialworker"`, 1): {"line 3", "z", "social-worker"},
		good + "\n" + good:  {"line 2", `"a"`},
		good + "\npermit (": {"line 2"},
	} {
		_, err := Load([]byte(text))
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%v does not say %q", err, w)
			}
		}
	}
}

func TestHashFollowsMeaning(t *testing.T) {
	hash := func(text string) string {
		s, err := Load([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return s.Hash()
	}
	other := strings.Replace(good, `"a"`, `"z"`, 1)
	if hash(good) != hash("// a remark\n"+strings.ReplaceAll(good, " ", "\n")) {
		t.Error("layout changed the hash")
	}
	if hash(good+other) != hash(other+good) {
		t.Error("order changed the hash")
	}
	for _, changed := range []string{
		good + other,
		strings.Replace(good, "own", "guarded", 1),
		strings.Replace(good, `"b"`, `"another basis"`, 1),
		strings.Replace(good, "permit", "forbid", 1),
	} {
		if hash(changed) == hash(good) {
			t.Errorf("the same hash for %s", changed)
		}
	}
}

// A policy that cannot be evaluated must not let anything pass, least of all
// one that would have forbidden it.
func TestBrokenPolicyRefuses(t *testing.T) {
	broken := `@id("z") @basis("b") @because("c") forbid (principal, action == Action::"see", resource) when { resource.label < 3 };`
	s, err := Load([]byte(good + broken))
	if err != nil {
		t.Fatal(err)
	}
	d := Decide(s, Request{Act: See, Thing: Thing{Own: true}})
	if d.Allow || !strings.Contains(d.Reason, "could not be evaluated: z") {
		t.Errorf("%+v", d)
	}
}
