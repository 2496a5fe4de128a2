package health

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/services/internal/native"
	"kith/services/internal/native/nativetest"
)

const today = events.Date("2026-11-24")

func held(fact events.Fact, recorded string) events.Item {
	at, err := time.Parse(time.RFC3339, recorded)
	if err != nil {
		panic(err)
	}
	return events.Item{
		Agency: "northshire-council", Kind: events.KindSocialCare,
		Person: events.Person{LocalID: "1", Role: events.RoleChild, DateOfBirth: "2014-03-01",
			Identifiers: events.Identifiers{NHSNumber: &events.NHSNumber{Value: "9990001014", Status: events.NHSVerified}}},
		Shared: events.Shared{RecordedAt: at,
			Contact: events.Contact{Team: "Northshire children's social care", Phone: "01632 960 333", Email: "duty@northshire-council.example"}},
		Fact: fact,
	}
}

func plan(ref string, from, until events.Date) events.ProtectionPlan {
	return events.ProtectionPlan{Reference: ref, Started: from, Ended: until, Category: events.Neglect}
}

func inCare(from, until events.Date) events.InvolvementChanged {
	return events.InvolvementChanged{Service: "Looked after child", Team: "Care team", Since: from, Until: until}
}

// What the NHS gets fits HL7's schema, is what the golden file says, and can be
// read by this program's own door for FHIR.
func TestProtectionIsFHIR(t *testing.T) {
	p := Protected([]events.Item{
		held(plan("CPP-1", "2026-02-10", ""), "2026-02-10T10:00:00Z"),
		held(plan("CPP-1", "2026-02-10", "2026-09-01"), "2026-09-01T10:00:00Z"),
		held(inCare("2026-08-20", ""), "2026-08-20T10:00:00Z"),
		held(events.WasNotBrought{}, "2026-08-20T10:00:00Z"),
	}, today)
	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	validR4(t, raw)
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/out/protection.golden.json"
	if os.Getenv("KITH_UPDATE") == "1" {
		if err := os.WriteFile(golden, append(pretty.Bytes(), '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := strings.TrimSpace(string(nativetest.File(t, golden))); want != pretty.String() {
		t.Errorf("got\n%s", pretty.String())
	}
	for _, word := range []string{"NEG", "neglect", "CPP-1", "2014-03-01"} {
		if strings.Contains(string(raw), word) {
			t.Errorf("it tells more than it has to: %s", word)
		}
	}
	ns, err := FHIR(raw)
	if err != nil {
		t.Fatal(err, nativetest.Places(err))
	}
	nativetest.Fits(t, ns...)
	if f, ok := ns[0].Report.Fact.(events.HealthFlag); !ok || len(ns) != 2 || !f.Active || f.Flag != "Looked after child" {
		t.Errorf("%d notices, the first %T", len(ns), ns[0].Report.Fact)
	}
}

func validR4(t *testing.T, raw []byte) {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	f := &native.Form{}
	if err := fits(f, "", "Bundle", doc); err != nil {
		t.Fatal(err)
	}
	entries, _ := doc["entry"].([]any)
	for _, e := range entries {
		resource := e.(map[string]any)["resource"].(map[string]any)
		if err := fits(f, "", resource["resourceType"].(string), resource); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Err(); err != nil {
		t.Error(nativetest.Places(err), reasonsOf(err))
	}
}

func TestWhoIsProtected(t *testing.T) {
	const early, late = "2026-01-01T10:00:00Z", "2026-06-01T10:00:00Z"
	known := func(i events.Item, number string, status events.NHSNumberStatus) events.Item {
		i.Person.Identifiers.NHSNumber = &events.NHSNumber{Value: number, Status: status}
		return i
	}
	unborn := held(plan("1", "2026-10-01", ""), late)
	unborn.Person.DateOfBirth = "2027-01-15"
	for name, c := range map[string]struct {
		items []events.Item
		want  string // codes and statuses
	}{
		"nothing":                {nil, ""},
		"on a plan":              {[]events.Item{held(plan("1", "2026-10-01", ""), late)}, onPlan + " active"},
		"unborn":                 {[]events.Item{unborn}, unbornOnPlan + " active"},
		"looked after":           {[]events.Item{held(inCare("2026-10-01", ""), late)}, lookedAfter + " active"},
		"ends later":             {[]events.Item{held(plan("1", "2026-10-01", "2026-12-01"), late)}, onPlan + " active"},
		"ends today":             {[]events.Item{held(plan("1", "2026-10-01", today), late)}, onPlan + " inactive"},
		"ended within a year":    {[]events.Item{held(plan("1", "2024-10-01", "2025-11-25"), late)}, onPlan + " inactive"},
		"ended a year ago":       {[]events.Item{held(plan("1", "2024-10-01", "2025-11-24"), late)}, ""},
		"begins tomorrow":        {[]events.Item{held(plan("1", "2026-11-25", ""), late)}, ""},
		"the later word counts":  {[]events.Item{held(plan("1", "2024-10-01", "2025-01-01"), late), held(plan("1", "2024-10-01", ""), early)}, ""},
		"two plans":              {[]events.Item{held(plan("1", "2025-01-01", "2026-01-01"), late), held(plan("2", "2026-05-01", ""), late)}, onPlan + " active " + onPlan + " inactive"},
		"other involvement":      {[]events.Item{held(events.InvolvementChanged{Service: "early help", Since: "2026-01-01"}, late)}, ""},
		"number not verified":    {[]events.Item{known(held(plan("1", "2026-10-01", ""), late), "9990001014", events.NHSUnverified)}, ""},
		"two verified numbers":   {[]events.Item{held(plan("1", "2026-10-01", ""), late), known(held(inCare("2026-10-01", ""), late), "9990001022", events.NHSVerified)}, ""},
		"number of another item": {[]events.Item{known(held(plan("1", "2026-10-01", ""), late), "9990001014", events.NHSUnverified), held(events.Concern{}, late)}, onPlan + " active"},
	} {
		raw, err := json.Marshal(Protected(c.items, today))
		if err != nil {
			t.Fatal(err)
		}
		validR4(t, raw)
		var b struct {
			Total int `json:"total"`
			Entry []struct {
				Resource struct {
					ResourceType, Status string
					Code                 struct{ Coding []struct{ Code string } }
				}
			}
		}
		if err := json.Unmarshal(raw, &b); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range b.Entry {
			if e.Resource.ResourceType == "Flag" {
				got = append(got, e.Resource.Code.Coding[0].Code, e.Resource.Status)
			}
		}
		if strings.Join(got, " ") != c.want || b.Total != len(got)/2 {
			t.Errorf("%s: %v, total %d, want %q", name, got, b.Total, c.want)
		}
	}
}
