package intake

import (
	"testing"
	"time"

	"kith/events"
)

// Whoever is named by their number is found, in a message and in native records,
// and nobody else.
func TestNames(t *testing.T) {
	blind := func(domain, value string) string { return domain + "/" + value }
	gone := map[events.SubjectID]bool{"subject/police\x00N-61817": true, "subject/police\x00Ward 7/A": true}
	for body, want := range map[string]bool{
		`{"data":{"about":[{"localId":"N-61817"}]}}`:       true,
		`{"data":{"about":[{"localId": "Ward 7/A" }]}}`:    true,
		`{"data":{"about":[{"localId":"N-6181"}]}}`:        false,
		`{"data":{"about":[{"localId":"N-618170"}]}}`:      false,
		"pupil,when\nN-61817,2026-11-23\n":                 true,
		"pupil;when\r\n\"N-61817\";2026-11-23":             true,
		`<person id='N-61817'/>`:                           true,
		`<nominal> N-61817 </nominal>`:                     true,
		`not JSON at all, but it names N-61818 and nobody`: false,
	} {
		if got := Names(blind, "police", []byte(body), gone); got != want {
			t.Errorf("%s: %v", body, got)
		}
	}
	if Names(blind, "school", []byte(`"N-61817"`), gone) {
		t.Error("another agency's number")
	}
}

// One day's refusals can be thrown away, what is refused on that day afterwards is
// kept all the same, and the rest stays until its time is over.
func TestQuarantineByDay(t *testing.T) {
	d := open(t, plain)
	bad := func(id, local string) {
		d.refuses(t, police, sent(id, incident, []byte(`{"about":[{"localId":"`+local+`"}]}`)), Schema)
	}
	bad("NSP-1", "N-1")
	bad("NSP-2", "N-2")
	gone := map[events.SubjectID]bool{events.SubjectID(d.store.Pseudonym("subject", string(police)+"\x00N-1")): true}
	destroy := func() (n int) {
		ids, err := d.Naming(t.Context(), gone)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if err := d.keys.Destroy(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		return len(ids)
	}
	if n := destroy(); n != 1 {
		t.Errorf("%d days name them", n)
	}
	if got := d.quarantined(t, police); len(got) != 0 {
		t.Errorf("still there: %d", len(got))
	}
	bad("NSP-3", "N-3")
	if got := d.quarantined(t, police); len(got) != 1 || got[0].EventID != "NSP-3" {
		t.Errorf("refused afterwards: %d", len(got))
	}
	if n := destroy(); n != 0 {
		t.Errorf("%d days name them now", n)
	}
	for days, want := range map[int]int{0: 0, quarantineDays: 0, quarantineDays + 1: 1, quarantineDays + 30: 1} {
		ids, err := d.Expired(t.Context(), d.now().Add(time.Duration(days)*24*time.Hour))
		if err != nil || len(ids) != want {
			t.Errorf("after %d days %d are over, want %d; %v", days, len(ids), want, err)
		}
	}
}
