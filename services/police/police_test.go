package police

import (
	"path/filepath"
	"strings"
	"testing"

	"kith/events"
	"kith/services/internal/native/nativetest"
)

// door is the one that a sample goes through, by the start of its name.
func door(t testing.TB, sample string) func([]byte) ([]events.Notice, error) {
	for prefix, path := range map[string]string{
		"encompass": "/encompass", "missing-episode": "/missing-episodes", "protection-notice": "/protection-notices",
		"online-report": "/online-reports",
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
		{"encompass.json", `"2026-11-20T02:10:00Z"`, `"2026-11-19T02:10:00Z"`, "/occurredAt"},
		{"missing-episode-found.json", `"2026-11-21T08:00:00Z"`, `"2026-11-21T05:00:00Z"`, "/foundAt"},
		{"online-report-full.json", `{"dateFrom": "2026-11-13", "dateTo": "2026-11-13"}`, `"2026-11-13T22:00:00Z"`, "/data/attributes/incidentStartDateTime"},
		{"protection-notice.json", `"amber"`, `"xyzzy"`, "/grade"},
		{"protection-notice.json", `"intelligence": true`, `"intelligence": "xyzzy"`, "/intelligence"},
		{"protection-notice.json", `"revision": 2`, `"revision": -2`, "/revision"},
		{"protection-notice.json", `"revision": 2`, `"revision": 2.5`, "/revision"},
		{"online-report-full.json", `"type": "incident"`, `"type": "xyzzy"`, "/data/type"},
		{"online-report-full.json", `"IVLD_0002"`, `"xyzzy"`, "/data/attributes/incidentInvolvement"},
		{"online-report-full.json", `"dateFrom": "2026-11-13"`, `"dateFrom": "13/11/2026"`, "/data/attributes/incidentStartDateTime/dateFrom"},
		{"online-report-full.json", `{"dateFrom": "2026-11-13", "dateTo": "2026-11-13"}`, `"2026-11-13T15:00:00"`, "/data/attributes/incidentStartDateTime"},
		{"online-report-full.json", `{"dateFrom": "2026-11-13", "dateTo": "2026-11-13"}`, `17`, "/data/attributes/incidentStartDateTime"},
		{"online-report-full.json", `"incidentStillHappening": "true"`, `"incidentStillHappening": "xyzzy"`, "/data/attributes/incidentStillHappening"},
		{"online-report-full.json", `{"data": [{"id": "loc-1", "type": "location"}]}`, `{"data": [{"id": "xyzzy", "type": "location"}]}`, "/data/relationships/incidentLocation/data/0"},
		{"online-report-full.json", `"incidentLocation": {"data": [{"id": "loc-1", "type": "location"}]}`, `"xyz zy": {"data": [{"id": "loc-9", "type": "location"}]}`, "/data/relationships/*/data/0"},
		{"online-report-full.json", `"submission": {"data": [{"id": "sub-1", "type": "submission"}]}`, `"submission": {"data": []}`,
			"/data/relationships/submission /included/*/attributes/submitTime /included/*/attributes/customerReferenceNumber"},
		{"online-report-full.json", `"NSP-26-0100-417"`, `"xyz zy"`, "/included/0/attributes/customerReferenceNumber"},
		{"online-report-full.json", `"2026-11-13T21:14:21.090Z"`, `"2026-11-13T21:14:21"`, "/included/0/attributes/submitTime"},
		{"online-report-full.json", `"TRUE"`, `"xyzzy"`, "/included/0/attributes/highHarmFlag"},
		{"online-report-full.json", `{"id": "mail-1", "type": "email", "attr`, `{"id": "sub-1", "type": "email", "attr`, "/included/1/id"},
		{"online-report-full.json", `["Wren"]`, `"xyzzy"`, "/included/4/attributes/givenName"},
		{"online-report-full.json", `"GNDR_0001"`, `"xyzzy"`, "/included/4/attributes/gender"},
		{"online-report-full.json", `"approximateAgeTo": "16"`, `"approximateAgeTo": "xyzzy"`, "/included/4/attributes/approximateAgeTo /included/4/attributes/under18"},
		{"online-report-full.json", `"approximateAgeTo": "16"`, `"approximateAgeTo": "20"`, "/included/4/attributes/under18"},
		{"online-report-full.json", `"approximateAgeTo": "16"`, `"approximateAgeTo": "12"`, "/included/4/attributes/approximateAgeTo"},
		{"online-report-full.json", `"2018-01-30"`, `"2018-13-30"`, "/included/5/attributes/dateOfBirth"},
		{"online-report-full.json", `"dateOfBirth": "2018-01-30"`, `"dateOfBirth": "2018-01-30", "under18": false`, "/included/5/attributes/under18"},
		{"online-report-full.json", `"ARNG_0006"`, `"xyzzy"`, "/included/6/attributes/ageRange"},
		{"online-report-full.json", `"givenName": ["Wren"], "middleName": ["Ash"], "surname": "Testerly", `, ``, "/included/4/attributes/surname"},
		{"online-report-full.json", `"image/jpeg"`, `"xyzzy"`, "/included/11/attributes/attachmentMimeType"},
		{"online-report-full.json", `"attachmentContent": "`, `"attachmentContent": "xyz.zy`, "/included/11/attributes/attachmentContent"},
		{"online-report-full.json", `"sha256:5f70`, `"xyzzy:5f70`, "/included/12/attributes/attachmentContent"},
		{"online-report-full.json", `, "whyNot": "Nobody has spoken with the family yet."`, ``, "/meta/family/whyNot"},
		{"online-report-full.json", `"family": {`, `"xyzzy": 1, "family": {`, "/meta"},
		{"online-report-skeleton.json", `"role": "child"`, `"role": "parent"`, "/meta/people"},
		{"online-report-skeleton.json", `"people"`, `"xyzzy"`, "/meta /included"},
		{"online-report-skeleton.json", `"2011-02-08"`, `"08/02/2011"`, "/meta/people/0/dateOfBirth"},
		{"online-report-skeleton.json", `"submissionContent"`, `"content"`, "/included/0/attributes/submissionContent"},
		{"online-report-skeleton.json", `"revision": 2`, `"revision": -2`, "/meta/revision"},
	} {
		t.Run(c.sample+c.want, c.check)
	}
}

// Who reported something online, and who only saw it, stays with the police; so do
// the documents, and where the computer was.
func TestOnlineReportKeepsBackWhoReported(t *testing.T) {
	ns, err := OnlineReport(nativetest.File(t, "testdata/online-report-full.json"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := events.EncodeReport(ns[0].Report)
	if err != nil {
		t.Fatal(err)
	}
	for _, kept := range []string{"Onlooker", "960104", "192.0.2.7", "Mozilla", "wren-testerly.jpg", "The form as plain text", "QW4gaW52ZW50"} {
		if strings.Contains(string(data), kept) {
			t.Errorf("the notice says %q", kept)
		}
	}
}
