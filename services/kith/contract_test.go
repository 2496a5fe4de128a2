package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"
)

// contracted is a body that the hub takes, and what an operation needs of it.
type contracted struct {
	persona, path, body string
	optional            []string // may be left out
}

// TestContractOfRequests: what openapi.yaml takes the hub takes, and what it
// refuses the hub refuses. Of each body every field is left out once, and a field
// is added that there is not; hub and file must be of one mind each time.
func TestContractOfRequests(t *testing.T) {
	w := newWorld(t)
	kid := kid{given: "Linnet", family: "Testerley", born: "2015-04-02"}
	kid.nhs, kid.upn = validNHS(t, "999000088"), validUPN("801200005881")
	reference := raiseConcern(t, w, kid)
	child := w.findOne(t, "chair", kid)
	at := time.Now().UTC().Format(time.RFC3339)
	discussion := into[struct{ Discussion string }](t, w.post(t, "chair", "/v1/children/"+child+"/discussions",
		fmt.Sprintf(`{"at":%q,"reason":"Reasonable cause.","invited":["northshire-police"]}`, at), http.StatusCreated)).Discussion
	const decision = `{"section47":true,"conduct":"joint","rationale":"It is needed.","actions":[{"what":"See the child","owner":"social worker","due":"2026-12-01"}]}`
	tried := 0
	for _, c := range []contracted{
		{"dsl", "/v1/concerns", fmt.Sprintf(`{"givenName":"Linnet","familyName":"Testerley","dateOfBirth":"2015-04-02","upn":%q,"sex":"female","observedAt":"2026-01-05T09:00:00Z","observed":"A bruise.",
			"words":"I fell.","heardBy":"teacher","safeNow":"yes","immediate":false,"doneSoFar":"Nothing.","familyTold":false,"whyNotTold":"It is not safe.","ground":"consent-cannot-be-given",
			"authorRole":"lead","contact":{"team":"Office"},"pupilNumber":"7"}`, kid.upn),
			[]string{"upn", "sex", "observedAt", "heardBy", "immediate", "doneSoFar", "familyTold", "ground", "authorRole", "contact", "pupilNumber"}},
		{"chair", "/v1/children/search", `{"name":{"given":"Linnet","family":"Testerley"},"dateOfBirth":"2015-04-02","purpose":"s47"}`, nil},
		{"chair", "/v1/children/search", fmt.Sprintf(`{"nhsNumber":%q,"purpose":"s47"}`, kid.nhs), nil},
		{"chair", "/v1/children/search", fmt.Sprintf(`{"upn":%q,"purpose":"s47"}`, kid.upn), nil},
		{"chair", "/v1/children/" + child + "/discussions", fmt.Sprintf(`{"at":%q,"reason":"Reasonable cause.","invited":["northshire-police"]}`, at), nil},
		{"chair", "/v1/children/" + child + "/consents", `{"by":"young-person-with-capacity","scope":"early-help","partners":["oakfield-school"],"until":"2099-01-01T00:00:00Z"}`, []string{"partners", "until"}},
		{"socialworker", "/v1/identity/link", `{"child":"` + child + `","subject":"nobody","reason":"The same mother."}`, nil},
		{"chair", "/v1/children/" + child + "/discussions/" + discussion + "/decision", decision, []string{"actions"}},
		{"socialworker", "/v1/concerns/" + reference + "/decision", `{"decision":"assessment","rationale":"It is needed.","nextStep":"A visit.","threshold":"Level 3"}`, []string{"nextStep", "threshold"}},
	} {
		var whole map[string]any
		if err := json.Unmarshal([]byte(c.body), &whole); err != nil {
			t.Fatal(c.path, err)
		}
		for _, left := range slices.Sorted(maps.Keys(whole)) {
			less := maps.Clone(whole)
			delete(less, left)
			w.agree(t, c, less, "without "+left, slices.Contains(c.optional, left))
			tried++
		}
		more := maps.Clone(whole)
		more["surname"] = "x"
		w.agree(t, c, more, "with a field that there is not", false)
		w.agree(t, c, whole, "whole", true)
		tried += 2
	}
	t.Logf("%d bodies: hub and openapi.yaml were of one mind", tried)
}

// agree sends a body and compares whether it can be read with what openapi.yaml
// says of it. Where it could, it is another matter whether the hub does it: it may
// have been done before.
func (w *world) agree(t *testing.T, c contracted, body map[string]any, what string, want bool) {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	contract, err := published()
	if err != nil {
		t.Fatal(err)
	}
	a := w.ask(t, c.persona, "POST", c.path, "application/json", string(b))
	taken := a.status < 300 || want && a.status != http.StatusBadRequest && a.status != http.StatusUnprocessableEntity
	listed := contract.Request("POST", c.path, "application/json", b)
	if taken != want || (listed == nil) != want {
		t.Errorf("%s %s: want %v; the hub says %d %.200s, openapi.yaml %v", c.path, what, want, a.status, a.body, listed)
	}
}
