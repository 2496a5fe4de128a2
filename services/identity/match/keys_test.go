package match_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/events"
	"kith/services/identity/match"
)

func open(domain, value string) string { return domain + "|" + value }

func kinds(p events.Person) string {
	var ks []string
	for _, k := range match.Keys(p, open) {
		ks = append(ks, string(k.Kind))
	}
	return strings.Join(ks, " ")
}

func TestKeys(t *testing.T) {
	nhs := func(v string, s events.NHSNumberStatus) *events.NHSNumber {
		return &events.NHSNumber{Value: v, Status: s}
	}
	name := events.Name{Given: "Maisie", Family: "Hart"}
	for _, c := range []struct {
		name string
		give events.Person
		want string
	}{
		{"nothing", events.Person{}, ""},
		{"all", events.Person{Name: name, DateOfBirth: "2015-04-01", Identifiers: events.Identifiers{NHSNumber: nhs("943 476 5919", events.NHSVerified), UPN: "H801200001001"}},
			"nhs nhs-verified nhs+dob upn upn+dob name+dob"},
		{"unverified", events.Person{DateOfBirth: "2015-04-01", Identifiers: events.Identifiers{NHSNumber: nhs("9434765919", events.NHSUnverified)}}, "nhs"},
		{"no date of birth", events.Person{Name: name, Identifiers: events.Identifiers{NHSNumber: nhs("9434765919", events.NHSVerified)}}, "nhs nhs-verified"},
		{"wrong check digit", events.Person{DateOfBirth: "2015-04-01", Identifiers: events.Identifiers{NHSNumber: nhs("9434765918", events.NHSVerified), UPN: "B801200001001"}}, ""},
		{"given name alone", events.Person{Name: events.Name{Given: "Maisie"}, DateOfBirth: "2015-04-01"}, ""},
		{"name of marks alone", events.Person{Name: events.Name{Given: "-", Family: "'"}, DateOfBirth: "2015-04-01"}, ""},
	} {
		if got := kinds(c.give); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestNormal(t *testing.T) {
	for _, same := range [][]string{
		{"Zoë", "ZOE", "zoe ", "Zoe\u0308"},
		{"O'Brien-Smith", "OBRIEN SMITH", "o’brien smith"},
		{"Łukasz", "lukasz"},
		{"Weiß", "WEISS"},
		{"Søren", "Soren"},
		{"Ægir", "aegir"},
		{"ﬁona", "Fiona"},
	} {
		for _, s := range same[1:] {
			if a, b := match.Normal(same[0]), match.Normal(s); a != b {
				t.Errorf("%q and %q become %q and %q", same[0], s, a, b)
			}
		}
	}
	if match.Normal("Ali") == match.Normal("Alia") {
		t.Error("two names became one")
	}
}

// Names as clerks write them never differ by what Normal takes away.
func TestNormalIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "name")
		n := match.Normal(s)
		if again := match.Normal(n); again != n {
			t.Errorf("%q becomes %q becomes %q", s, n, again)
		}
	})
}
