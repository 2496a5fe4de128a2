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
	for prefix, path := range map[string]string{
		"concern": "/concerns", "extract": "/extracts", "file-transfer": "/file-transfers", "incidents": "/incidents", "registers": "/registers", "suspensions": "/suspensions",
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
		{"incidents-cpoms.csv", `14/09/2026 08:50`, `09/14/2026 08:50`, "/row/2/column/6"},
		{"incidents-cpoms.csv", `14/09/2026 08:50`, `14/09/26 08:50`, "/row/2/column/6"},
		{"incidents-cpoms.csv", `14/09/2026 08:50`, `14/09/2026 25:50`, "/row/2/column/6"},
		{"incidents-cpoms.csv", `30/01/2018,,3`, `xyzzy,,3`, "/row/3/column/3"},
		{"incidents-cpoms.csv", `30/01/2018,,3`, `,,3`, "/row/3/column/3"},
		{"incidents-cpoms.csv", `B801200005001`, `C801200005001`, "/row/2/column/4"},
		{"incidents-cpoms.csv", `Robin Placeholder`, `Robin van der Xyzzy`, "/row/4/column/2"},
		{"incidents-cpoms.csv", `20312`, `203 12`, "/row/3/column/1"},
		{"incidents-cpoms.csv", `Wren Testerly,,`, `Wren Xyzzy,,`, "/row/3/column/9"},
		{"incidents-cpoms.csv", `Testerly, Jay (30/01/2018)`, `Jay Xyzzy (30th of January)`, "/row/2/column/9"},
		{"incidents-cpoms.csv", `"Collected an hour late, by a neighbour."`, ` `, "/row/3/column/8"},
		{"incidents-cpoms.csv", `"Collected an hour late, by a neighbour."`, `Collected, xyzzy`, "/line/4"},
		{"incidents-cpoms.csv", `"Collected an hour late, by a neighbour."`, `"Collected "xyzzy" late"`, "/line/4"},
		{"incidents-cpoms.csv", `Jay`, "J\xe4y", "/row/2/column/9"},
		{"incidents-cpoms.csv", `Date/Time`, `Xyzzy`, "/row/1"},
		{"incidents-cpoms.csv", `Added By`, `date_time`, "/row/1/column/11"},
		{"incidents-cpoms.csv", "\ufeff", "\xff\xfe", ""},
		{"incidents-cpoms.csv", "\ufeff", "\ufeffIncident ID;Student;\"Category\"\n", ""},
		{"incidents-myconcern.csv", `03/11/2026 12:05`, `03/11/2026 08:05`, "/row/2/column/3"},
		{"incidents-myconcern.csv", `,F,`, `,xyzzy,`, "/row/2/column/9"},
		{"incidents-myconcern.csv", `Wren,Testerly`, `,Testerly`, "/row/2/column/7"},
		{"registers.csv", `NN OO`, `NN HH`, "/row/2/column/8"},
		{"registers.csv", `NN OO`, `NN §§`, "/row/2/column/8"},
		{"registers.csv", `NN OO`, `NN Y8`, "/row/2/column/8"},
		{"registers.csv", `16/10/2026`, `04/10/2026`, "/row/2/column/7 /row/3/column/7"},
		{"registers.csv", `NN OO /L UU I\ /\ C1C1 ##`, `/\ /\ /\ /\ /\ /\`, ""},
		{"registers.csv", `,Mostly`, `,xyzzy,Mostly`, "/line/2"},
		{"registers-sessions.csv", `12/10/2026,AM,/,004512`, `12/10/2026,XYZ,/,004512`, "/row/22/column/2"},
		{"registers-sessions.csv", `13/10/2026,AM,N,004512`, `13/10/2026,AM,N?,004512`, "/row/26/column/3"},
		{"registers-sessions.csv", `13/10/2026,AM,N,004512`, `13/10/2026,AM,,004512`, "/row/26/column/3"},
		{"registers-sessions.csv", `13/10/2026,AM,N,004512`, `13/10/2026,AM,NN,004512`, "/row/26/column/3"},
		{"registers-sessions.csv", `13/10/2026,AM,N,004512`, `12/10/2026,AM,N,004512`, "/row/26/column/3"},
		{"registers-sessions.csv", `13/10/2026,AM,N,004512`, `2026-13-10,AM,N,004512`, "/row/26/column/1"},
		{"registers-sessions.csv", `Session`, `Xyzzy`, "/row/1"},
		{"file-transfer-sent.json", `"sent": "2026-11-23"`, `"sent": "23/11/2026"`, "/sent"},
		{"file-transfer-sent.json", `"OAK-CP-2026-004"`, `"xyz zy"`, "/reference"},
		{"file-transfer-sent.json", `"elmtree-school"`, `" "`, "/to"},
		{"file-transfer-sent.json", `"starts"`, `"xyzzy"`, ""},
		{"file-transfer-received.json", `"received": "2026-11-24"`, `"received": "2026-11-22"`, "/received"},
		{"file-transfer-received.json", `"2015-06-14"`, `"xyzzy"`, "/dateOfBirth"},
		{"suspensions.csv", `SUSP`, `XYZZY`, "/row/2/column/5"},
		{"suspensions.csv", `BU MT`, `BU xyz`, "/row/3/column/6"},
		{"suspensions.csv", `BU MT`, ``, "/row/3/column/6"},
		{"suspensions.csv", `18/11/2026,3`, `18/11/2026,0`, "/row/2/column/10"},
		{"suspensions.csv", `18/11/2026,3`, `18/11/2026,91`, "/row/2/column/10"},
		{"suspensions.csv", `18/11/2026,3`, `18/11/2026,NaN`, "/row/2/column/10"},
		{"suspensions.csv", `EX-17`, `EX 17`, "/row/2/column/11"},
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
