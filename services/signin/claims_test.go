package signin

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"kith/events"
)

// Claims as the documentation of the providers shows them, with invented people.
func TestPosts(t *testing.T) {
	nhs := Issuer{Preset: "cis2", Agencies: map[string]events.AgencyID{"RNS": "hospital", "RNT": "clinic"},
		Roles: map[string]events.ReaderRole{"S8000:G8000:R8001": events.RolePractitioner, "S8003:G8003:R8011": events.RoleGovernance},
		Seats: map[string]string{"S8000:G8000:R8001": "Named nurse"}}.withPreset()
	const nurseHereClerkThere = `"nhsid_nrbac_roles": [
		{"org_code": "RNS", "person_roleid": "1", "role_code": "S8000:G8000:R8001"},
		{"org_code": "RNT", "person_roleid": "2", "role_code": "S0000:G0000:R0000"},
		{"org_code": "RNT", "person_roleid": "3", "role_code": "S8003:G8003:R8011"}]`
	school := Issuer{Preset: "dfe-sign-in", Role: events.RoleDSL, Agencies: map[string]events.AgencyID{"100000": "school"}}.withPreset()
	council := Issuer{Preset: "entra", Agency: "council", Roles: map[string]events.ReaderRole{"Kith.SocialWorker": events.RoleSocialWorker, "Kith.Chair": events.RoleChair}}.withPreset()
	nested := Issuer{Claims: Claims{Agency: "https://x.example/agency", Role: "/realm_access/roles"},
		Agencies: map[string]events.AgencyID{"7": "police"}, Roles: map[string]events.ReaderRole{"a/b": events.RolePractitioner}}
	for name, tc := range map[string]struct {
		issuer Issuer
		claims string
		want   string
	}{
		"CIS2, the chosen role":              {nhs, `{"selected_roleid": "1", ` + nurseHereClerkThere + `}`, "[{hospital practitioner Named nurse}]"},
		"CIS2, another chosen role":          {nhs, `{"selected_roleid": "3", ` + nurseHereClerkThere + `}`, "[{clinic governance }]"},
		"CIS2, a role that is not mapped":    {nhs, `{"selected_roleid": "2", ` + nurseHereClerkThere + `}`, "[]"},
		"CIS2, none chosen":                  {nhs, `{` + nurseHereClerkThere + `}`, "[]"},
		"CIS2, one chosen that is not there": {nhs, `{"selected_roleid": "9", ` + nurseHereClerkThere + `}`, "[]"},
		"DfE Sign-in":                        {school, `{"organisation": {"id": "x", "name": "Oakfield", "urn": "100000"}}`, "[{school dsl }]"},
		"DfE Sign-in, a number":              {school, `{"organisation": {"urn": 100000}}`, "[{school dsl }]"},
		"DfE Sign-in, another school":        {school, `{"organisation": {"urn": "100001"}}`, "[]"},
		"DfE Sign-in, no school":             {school, `{"organisation": null}`, "[]"},
		"Entra":                              {council, `{"tid": "t", "roles": ["Kith.Chair", "Other.App"]}`, "[{council chair }]"},
		"Entra, two roles":                   {council, `{"roles": ["Kith.Chair", "Kith.SocialWorker"]}`, "[{council chair } {council social-worker }]"},
		"Entra, the same twice":              {council, `{"roles": ["Kith.Chair", "Kith.Chair"]}`, "[{council chair }]"},
		"a name with slashes, a pointer":     {nested, `{"https://x.example/agency": 7, "realm_access": {"roles": ["a/b"]}}`, "[{police practitioner }]"},
		"an object where a text should be":   {nested, `{"https://x.example/agency": {"7": 7}, "realm_access": {"roles": ["a/b"]}}`, "[]"},
		"another case":                       {council, `{"roles": ["kith.chair"]}`, "[]"},
	} {
		var c claims
		if err := json.Unmarshal([]byte(tc.claims), &c); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(tc.issuer.posts(c)); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func TestCheck(t *testing.T) {
	known := func(a events.AgencyID) bool { return a == "council" }
	role := func(r events.ReaderRole) bool { return r == events.RoleChair }
	good := func() Issuer {
		return Issuer{ID: "council", Name: "Council", Issuer: "https://login.example", ClientID: "kith", Agency: "council", Role: events.RoleChair}
	}
	if err := good().Check(known, role); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*Issuer){
		"id must be":                      func(i *Issuer) { i.ID = "a/b" },
		"and not again":                   func(i *Issuer) { i.ID = "again" },
		"name is needed":                  func(i *Issuer) { i.Name = "" },
		"preset must be":                  func(i *Issuer) { i.Preset = "google" },
		"issuer must begin with https://": func(i *Issuer) { i.Issuer = "http://login.example" },
		"clientId is needed":              func(i *Issuer) { i.ClientID = "" },
		"either agency or agencies":       func(i *Issuer) { i.Agency = "" },
		"claims.agency is needed":         func(i *Issuer) { i.Agency, i.Agencies = "", map[string]events.AgencyID{"x": "council"} },
		"agency must be one":              func(i *Issuer) { i.Agency = "police" },
		`agencies: "x" must lead`:         func(i *Issuer) { i.Agency, i.Agencies = "", map[string]events.AgencyID{"x": "police"} },
		"either role or roles":            func(i *Issuer) { i.Role = "" },
		"claims.role is needed":           func(i *Issuer) { i.Role, i.Roles = "", map[string]events.ReaderRole{"x": events.RoleChair} },
		"role must be dsl":                func(i *Issuer) { i.Role = "king" },
		`roles: "x" must lead`:            func(i *Issuer) { i.Role, i.Roles = "", map[string]events.ReaderRole{"x": "king"} },
		"claims.chosenIs go together":     func(i *Issuer) { i.Claims.Chosen = "x" },
		"algorithms: HS256 must be":       func(i *Issuer) { i.Algorithms = []string{"HS256"} },
		"algorithms: none must be":        func(i *Issuer) { i.Algorithms = []string{"none"} },
	} {
		i := good()
		spoil(&i)
		if err := i.Check(known, role); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

// asked counts what gets as far as the network.
type asked int

func (a *asked) RoundTrip(*http.Request) (*http.Response, error) {
	*a++
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(strings.Repeat("x", 3<<20)))}, nil
}

// Nothing is asked of a provider in clear, and no answer of any length fills the memory.
func TestGuarded(t *testing.T) {
	for address, want := range map[string]int{"http://login.example/token": 0, "http://192.0.2.1/": 0, "ftp://127.0.0.1/": 0, "https://login.example/": 1, "http://127.0.0.1:1/": 1, "http://[::1]:1/": 1} {
		var n asked
		r, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := guarded{&n}.RoundTrip(r)
		if int(n) != want || (err == nil) != (want == 1) {
			t.Errorf("%s: asked %d times, %v", address, n, err)
		}
		if err == nil {
			if b, err := io.ReadAll(res.Body); err != nil || len(b) != 1<<20 {
				t.Errorf("%s: read %d bytes, %v", address, len(b), err)
			}
		}
	}
}
