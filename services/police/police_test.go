package police

import (
	"path/filepath"
	"strings"
	"testing"

	"kith/events"
)

// door is the one that a sample goes through, by the start of its name.
func door(t testing.TB, sample string) func([]byte) ([]events.Notice, error) {
	for prefix, path := range map[string]string{
		"encompass": "/encompass", "missing-episode": "/missing-episodes", "protection-notice": "/protection-notices",
	} {
		if strings.HasPrefix(filepath.Base(sample), prefix) {
			return Doors()[path]
		}
	}
	t.Fatalf("no door for %s", sample)
	return nil
}

func TestWhatIsWrongIsNamedByItsPlace(t *testing.T) {
	for _, c := range []spoilt{
		{"encompass.json", `"heard"`, `"xyzzy"`, "/childPresence"},
		{"encompass.json", `"2026-11-19T21:40:00Z"`, `"xyzzy"`, "/occurredAt"},
		{"encompass.json", `"2026-11-19T21:40:00Z"`, `"9999-12-31T23:59:59-12:00"`, "/occurredAt"},
		{"encompass.json", `"NP-2026-110345"`, `"xyz zy"`, "/policeReference"},
		{"encompass.json", `"NP-2026-110345"`, `""`, "/policeReference"},
		{"encompass.json", `"place": "The family home"`, `"place": 17`, "/place"},
		{"encompass.json", `"place"`, `"xyzzy": 1, "place"`, ""},
		{"encompass.json", `"place": `, `"place": "xyzzy", "place": `, ""},
		{"encompass.json", `"role": "child"`, `"role": "xyzzy"`, "/people/0/role /people/1/role /people"},
		{"encompass.json", `"2018-01-30"`, `"2018-13-30"`, "/people/1/dateOfBirth"},
		{"encompass.json", `"forenames": "Jay  Robin"`, `"forenames": ["xyzzy"]`, "/people/1/forenames"},
		{"encompass.json", `"forenames": "Jay  Robin", `, ``, "/people/1/nominal"},
		{"encompass.json", `"female", "upn"`, `"xyzzy", "upn"`, "/people/0/sex"},
		{"encompass.json", `"B801200005001"`, `"C801200005001"`, "/people/0/upn"},
		{"encompass.json", `["4 Sample Row", "Northshire"]`, `[]`, "/people/0/address/lines"},
		{"encompass.json", `"I put my music on so my brother would not hear it."`, `" "`, "/childVoice/words"},
		{"encompass.json", `"Operation Encompass desk"`, `""`, "/team/team"},
		{"encompass.json", `, "whyNot": "To tell the suspect that the school knows could put the victim at more risk."`, ``, "/family/whyNot"},
		{"encompass.json", `"N-51201"`, `"N-51200"`, "/people/3"},
		{"missing-episode-found.json", `"surname": "Placeholder", "forenames": "Robin", "dateOfBirth": "2011-02-08", "sex": "unknown", "nhsNumber": "9990001014", "nhsTraced": true`, `"sex": "unknown"`, "/people/0/surname"},
		{"missing-episode-found.json", `"2026-11-21T06:20:00+00:00"`, `"2026-11-20T06:20:00Z"`, "/foundAt"},
		{"missing-episode-found.json", `"9990001014"`, `"9990001015"`, "/people/0/nhsNumber"},
		{"missing-episode-missing.json", `"2026-11-20T19:00:00Z"`, `"2026-11-20"`, "/missingSince"},
		{"protection-notice.json", `"amber"`, `"xyzzy"`, "/grade"},
		{"protection-notice.json", `"intelligence": true`, `"intelligence": "xyzzy"`, "/intelligence"},
		{"protection-notice.json", `"revision": 2`, `"revision": -2`, "/revision"},
		{"protection-notice.json", `"revision": 2`, `"revision": 2.5`, "/revision"},
	} {
		t.Run(c.sample+c.want, c.check)
	}
}
