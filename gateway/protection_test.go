package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"kith/events"
)

// Flags are made of what the caller may see: with the plan withheld there is
// none, and nothing says that there is a plan.
func TestProtectionGoesThroughTheGate(t *testing.T) {
	const target = "/v1/children/" + string(theChild) + "/protection?purpose=s47"
	task := events.Basis{Article6: events.PublicTask}
	plan := social("2026-11-20T10:00:00Z", 0, task, events.ProtectionPlan{Reference: "CPP-1", Started: "2026-11-20", Category: events.Physical})
	plan.Person.Identifiers.NHSNumber = &events.NHSNumber{Value: "9990001014", Status: events.NHSVerified}
	kept := plan
	kept.Caveats = []events.Caveat{events.OriginatorControlled}
	for _, c := range []struct {
		who       string
		attending bool // the strategy discussion
		held      events.Held
		want      int
	}{
		{"chair", false, plan, 1}, {"health", true, plan, 1}, {"health", false, plan, 0}, {"health", true, kept, 0},
	} {
		w := newWorld(t)
		p := w.pictures[theChild]
		p.Items = append(p.Items, c.held)
		if c.attending {
			p.Discussions[0].Attendees = append(p.Discussions[0].Attendees, events.DiscussionAttended{
				Discussion: "d1", Actor: "actor-" + events.ActorID(c.who), Agency: "northshire-hospital", Role: "practitioner"})
		}
		w.pictures[theChild] = p
		rec := w.get(target, c.who)
		var b struct {
			ResourceType string
			Total        int
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &b); err != nil || rec.Code != http.StatusOK {
			t.Fatalf("%s: %d %v %s", c.who, rec.Code, err, rec.Body)
		}
		if b.ResourceType != "Bundle" || b.Total != c.want || rec.Header().Get("Content-Type") != "application/fhir+json" {
			t.Errorf("%s: %+v as %s, want %d flags", c.who, b, rec.Header().Get("Content-Type"), c.want)
		}
		if strings.Contains(rec.Body.String(), "9990001014") != (c.want > 0) {
			t.Errorf("%s: %s", c.who, rec.Body)
		}
		if len(w.reads) != 1 {
			t.Errorf("%s: %d reads recorded, want 1", c.who, len(w.reads))
		}
	}
	if rec := newWorld(t).get(strings.TrimSuffix(target, "?purpose=s47"), "health"); rec.Code != http.StatusBadRequest {
		t.Errorf("without a purpose: %d", rec.Code)
	}
}
