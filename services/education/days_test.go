package education

import (
	"strings"
	"testing"
	"time"

	"kith/services/internal/native/nativetest"
)

// Whatever a school hands over about a day begins at midnight in England, on both
// sides of each change of the clocks, and what it is called does not depend on that.
func TestDaysBeginAtMidnightInEngland(t *testing.T) {
	begins := map[string]string{
		"2026-03-29": "2026-03-29T00:00:00Z", "2026-03-30": "2026-03-29T23:00:00Z", // forward on the 29th
		"2026-10-25": "2026-10-24T23:00:00Z", "2026-10-26": "2026-10-26T00:00:00Z", // back on the 25th
	}
	for _, c := range []struct{ sample, days, id string }{
		{"extract-one.json", "2026-10-05 2026-11-13", "attendance-fall:ATT-2026-11-004600"},
		{"suspensions.csv", "18/11/2026", "suspension:EX-17:"},
		{"registers.csv", "05/10/2026 16/10/2026", "attendance-fall:"},
		{"file-transfer-sent.json", "2026-11-23", "file-transfer:OAK-CP-2026-004:sent"},
		{"file-transfer-received.json", "2026-11-23 2026-11-24", "file-transfer:OAK-CP-2026-004:received"},
	} {
		raw := string(nativetest.File(t, "testdata/"+c.sample))
		for day, want := range begins {
			record := raw
			for old := range strings.FieldsSeq(c.days) {
				record = strings.ReplaceAll(record, `"`+old+`"`, `"`+day+`"`)
				record = strings.ReplaceAll(record, ","+old+",", ","+day+",")
			}
			ns, err := door(t, c.sample)([]byte(record))
			if err != nil || record == raw {
				t.Fatalf("%s: %v %v", c.sample, err, nativetest.Places(err))
			}
			if got := ns[0].Report.OccurredAt.Format(time.RFC3339); got != want {
				t.Errorf("%s: %s begins at %s, want %s", c.sample, day, got, want)
			}
			if !strings.HasPrefix(ns[0].ID, c.id) || strings.Contains(ns[0].ID, want) {
				t.Errorf("%s is called %s", c.sample, ns[0].ID)
			}
		}
	}
}
