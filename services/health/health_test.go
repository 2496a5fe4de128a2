package health

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"kith/events"
	"kith/services/fault"
	"kith/services/internal/native/nativetest"
)

// door is the one that a sample goes through, by its path.
func door(t testing.TB, sample string) func([]byte) ([]events.Notice, error) {
	name := strings.TrimPrefix(filepath.ToSlash(sample), "testdata/")
	for prefix, path := range map[string]string{"bundle": "/fhir", "fhir": "/fhir", "record": "/records", "mns/": "/mns"} {
		if strings.HasPrefix(name, prefix) {
			return Doors()[path]
		}
	}
	t.Fatalf("no door for %s", sample)
	return nil
}

func TestWhatIsWrongIsNamedByItsPlace(t *testing.T) {
	for _, c := range []spoilt{
		{"bundle-transaction.json", `"resourceType": "Bundle"`, `"resourceType": "xyzzy"`, "/resourceType"},
		{"bundle-transaction.json", `"transaction"`, `"history"`, "/type"},
		{"bundle-transaction.json", `"Patient"`, `"xyzzy"`, "/entry"},
		{"bundle-transaction.json", `"resourceType": "Encounter"`, `"resourceType": "xyzzy"`, "/entry/3/resource/category"},
		{"bundle-transaction.json", `"EMER"`, `"xyzzy"`, "/entry/2/resource/class/code"},
		{"bundle-transaction.json", `"finished"`, `"entered-in-error"`, "/entry/2/resource/status"},
		{"bundle-transaction.json", `"start": "2026-11-17T23:10:00Z", `, ``, "/entry/2/resource/period/start"},
		{"bundle-transaction.json", `"2026-11-18T02:30:00Z"`, `"2026-11-17T02:30:00Z"`, "/entry/2/resource/period/end"},
		{"bundle-transaction.json", `"end": "2026`, `"end": ["xyzzy"], "x": "2026`, "/entry/2/resource/period/end /entry/2/resource/period"},
		{"bundle-transaction.json", `"reasonCode"`, `"xyzzy"`, "/entry/2/resource"},
		{"bundle-transaction.json", `"reasonCode": [{"text": "Fell down the stairs; bruise on the left upper arm"}, {"coding": [{"code": "x", "display": "Upper arm injury"}]}],`, ``, "/entry/2/resource/reasonCode"},
		{"bundle-transaction.json", `"#ed"`, `"#xyz"`, "/entry/2/resource/serviceProvider"},
		{"bundle-transaction.json", `"2026-11-18T02:40:00+00:00"`, `"xyzzy"`, "/entry/2/resource/meta/lastUpdated"},
		{"bundle-transaction.json", `"subject": {"reference": "urn:uuid:5a1f0001-0000-4000-8000-000000000001"}`, `"subject": {"reference": "Patient/xyz"}`, "/entry/2/resource/subject/reference"},
		{"bundle-transaction.json", `"9990001014"`, `"9990001015"`, "/entry/0/resource/identifier/0/value"},
		{"bundle-transaction.json", `"2011-02-08"`, `"xyzzy"`, "/entry/0/resource/birthDate"},
		{"bundle-transaction.json", `"birthDate": "2011-02-08"`, `"birthDate": 20110208`, "/entry/0/resource/birthDate"},
		{"bundle-collection.json", `"https://fhir.nhs.uk/Id/nhs-number", "value": "9990001022"`, `"xyzzy"`, "/entry/2/resource/identifier"},
		{"record-was-not-brought.json", `"was-not-brought"`, `"xyzzy"`, "/record"},
		{"record-was-not-brought.json", `"Audiology"`, `""`, "/service"},
		{"record-was-not-brought.json", `"missedLastYear": 3`, `"missedLastYear": 0`, "/missedLastYear"},
		{"record-was-not-brought.json", `"appointmentAt": "2026-11-12T10:30:00Z"`, `"appointmentAt": "xyzzy"`, "/appointmentAt"},
		{"record-was-not-brought.json", `"9990001014"`, `"9990001015"`, "/patient/nhsNumber"},
		{"record-was-not-brought.json", `"hospitalNumber": "H-204117", "nhsNumber": "9990001014", `, ``, "/patient/hospitalNumber"},
		{"record-was-not-brought.json", `"sex": "unknown"`, `"sex": "xyzzy"`, "/patient/sex"},
		{"record-practitioner-concern.json", `"early-help"`, `"xyzzy"`, "/consentScope"},
		{"record-practitioner-concern.json", `"told": true`, `"told": false`, "/family/whyNot"},
		{"record-practitioner-concern.json", `"HV-1290"`, `"xyz zy"`, "/reference"},
		{"record-practitioner-concern.json", `"Health visiting north"`, `""`, "/team/team"},
		{"record-practitioner-concern.json", `"occurredAt": "2026-11-13T11:00:00Z"`, `"occurredAt": null`, "/occurredAt"},
	} {
		t.Run(c.sample+c.want, c.check)
	}
}

// What only looks a little like a national event is not claimed: it may be
// somebody's mistake, which the sender has to hear of.
func TestNationalClaimsOnlyItsOwn(t *testing.T) {
	good := map[string]any{
		"specversion": "1.0", "id": "1", "type": "pds-change-of-gp-2",
		"time": "2026-11-02T13:00:00Z", "subject": "9990001014",
	}
	for _, c := range []struct {
		member string
		value  any
		want   bool
	}{
		{"id", "2", true},
		{"type", "imms-vaccination-record-change-1", true},
		{"type", "uk.kith.health.was-not-brought.v1", false},
		{"type", "something-else", false},
		{"type", nil, false},
		{"id", "", false},
		{"time", "yesterday", false},
		{"subject", "9990001015", false},
		{"subject", map[string]any{"nhsNumber": "9990001014"}, true},
		{"subject", map[string]any{"nhsNumber": "9990001014", "dob": "then"}, false},
		{"subject", []string{"9990001014"}, false},
		{"subject", nil, false},
	} {
		doc := map[string]any{c.member: c.value}
		for k, v := range good {
			if k != c.member {
				doc[k] = v
			}
		}
		raw, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := National(raw); ok != c.want {
			t.Errorf("%s %v: claimed %t, want %t", c.member, c.value, ok, c.want)
		}
	}
}

// Sending the same attendance in a new envelope must not make a second one.
func TestBundleIDComesFromTheAttendance(t *testing.T) {
	raw := string(nativetest.File(t, "testdata/bundle-transaction.json"))
	ids := map[string]bool{}
	for _, stamp := range []string{"2026-11-18T03:00:00Z", "2026-11-18T05:00:00Z"} {
		ns, err := FHIR([]byte(strings.ReplaceAll(raw, "2026-11-18T03:00:00Z", stamp)))
		if err != nil {
			t.Fatal(err)
		}
		ids[ns[0].ID] = true
	}
	if len(ids) != 1 {
		t.Errorf("%d ids for one attendance", len(ids))
	}
}

// reasonsOf is what an error says at its places.
func reasonsOf(err error) string {
	var all []string
	if e, ok := errors.AsType[*fault.Error](err); ok {
		for _, p := range e.At {
			all = append(all, p.Detail)
		}
	}
	return strings.Join(all, " ")
}
