package education

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/services/internal/native/nativetest"
)

// door is the one that a sample goes through, by the start of its name.
func door(t testing.TB, sample string) func([]byte) ([]events.Notice, error) {
	for prefix, path := range map[string]string{"concern": "/concerns", "extract": "/extracts"} {
		if strings.HasPrefix(filepath.Base(sample), prefix) {
			return Doors()[path]
		}
	}
	t.Fatalf("no door for %s", sample)
	return nil
}

func TestWhatIsWrongIsNamedByItsPlace(t *testing.T) {
	for _, c := range []spoilt{
		{"concern.json", `"Wren"`, `" "`, "/givenName"},
		{"concern.json", `"Testerly"`, `""`, "/familyName"},
		{"concern.json", `"2015-06-14"`, `"xyzzy"`, "/dateOfBirth"},
		{"concern.json", `"b801200005001"`, `"xyzzy"`, "/upn"},
		{"concern.json", `"unsure"`, `"xyzzy"`, "/safeNow"},
		{"concern.json", `"immediate": false`, `"immediate": "xyzzy"`, "/immediate"},
		{"concern.json", `"observed"`, `"xyzzy"`, ""},
		{"concern.json", `"Came in without a coat and very tired; flinched when a door slammed."`, `null`, "/observed"},
		{"concern.json", `"Dad broke the door. I did not sleep."`, `""`, "/words"},
		{"concern.json", `"whyNotTold": "It could make things worse at home this evening.",`, ``, "/whyNotTold"},
		{"concern.json", `"obtaining-consent-would-prejudice-protection"`, `"xyzzy"`, "/ground"},
		{"concern.json", `"Safeguarding office"`, `""`, "/contact/team"},
		{"concern.json", `"2026-11-20T09:05:00Z"`, `"2026-11-20T17:05:00Z"`, "/observedAt"},
		{"concern.json", `"OAK-2026-0031"`, `"xyz zy"`, "/reference"},
		{"concern.json", `"2026-11-20T15:40:00Z"`, `"xyzzy"`, "/recordedAt /observedAt"},
		{"extract.json", `"off-roll"`, `"xyzzy"`, "/2/record"},
		{"extract.json", `"percent": 71`, `"percent": 171`, "/0/percent"},
		{"extract.json", `"percentBefore": "94"`, `"percentBefore": "xyzzy"`, "/0/percentBefore"},
		{"extract.json", `"unauthorised": 9, `, ``, "/0/unauthorised"},
		{"extract.json", `"2026-11-13"`, `"2026-09-13"`, "/0/to"},
		{"extract.json", `"days": 2`, `"days": {"xyz": 1}`, "/1/days"},
		{"extract.json", `"revision": 2`, `"revision": 0`, "/1/revision"},
		{"extract.json", `"destination": "elective home education"`, `"destination": ""`, "/2/destination"},
		{"extract.json", `"off-roll", `, `"off-roll", "consentScope": "early-help", `, "/2/consentScope"},
		{"extract.json", `"female"`, `"xyzzy"`, "/0/sex"},
		{"extract-one.json", `"early-help"`, `"xyzzy"`, "/consentScope"},
		{"extract-one.json", `"Exampleford"`, `7`, "/familyName"},
		{"extract-lines.csv", `contactTeam`, `xyzzy`, ""},
		{"extract-lines.csv", `contactTeam`, `reference`, ""},
		{"extract-lines.csv", `,71,`, `,xyzzy,`, "/0/percent"},
		{"extract-lines.csv", `Year office,`, `,`, "/1/contactTeam"},
		{"extract-lines.csv", `Year office,`, ``, ""},
		{"extract-lines.csv", `Wren`, "\xff", ""},
	} {
		t.Run(c.sample+c.want, c.check)
	}
}

// The web page has no other fields than these: an empty form must say of each
// required one that it is missing.
func TestEmptyFormNamesWhatIsRequired(t *testing.T) {
	_, err := ConcernForm{}.Notice("A-1", time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))
	want := "/whyNotTold /contact/team /givenName /familyName /dateOfBirth /observed /safeNow"
	if got := strings.Join(nativetest.Places(err), " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
