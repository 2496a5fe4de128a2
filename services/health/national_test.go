package health

import (
	"bytes"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"kith/events"
	"kith/services/internal/native/nativetest"
)

// Every event that NHS England publishes as an example is taken, or refused in
// words that a developer can act on; so are its FHIR form, and ours of both.
// KITH_NHS_MNS names the folder of the examples of the Multicast Notification
// Service; without it only samples of the same shapes are tried.
func TestEveryNationalExample(t *testing.T) {
	refused := map[string]string{ // by type: the answer
		"nhshco-hc-complete-1": "Give an event about children: NHS Health Checks are for people of 40 to 74 years.",
	}
	folders := []string{"testdata/mns"}
	if real := os.Getenv("KITH_NHS_MNS"); real != "" {
		folders = append(folders, real)
	} else {
		t.Log("SKIPPED in part: KITH_NHS_MNS does not name the published examples")
	}
	for _, folder := range folders {
		took, no := 0, 0
		for _, path := range examples(t, folder) {
			raw := nativetest.File(t, path)
			ns, err := Notification(raw)
			answer, expected := "", ""
			for kind, why := range refused {
				if bytes.Contains(raw, []byte(kind)) {
					expected = why
				}
			}
			if places := nativetest.Places(err); len(places) > 0 {
				answer = strings.TrimSpace(reasonsOf(err))
				no++
			} else {
				nativetest.Fits(t, ns...)
				took++
			}
			if answer != expected || err == nil && len(ns) != 1 {
				t.Errorf("%s: %d notices, answer %q, want %q", path, len(ns), answer, expected)
			}
		}
		t.Logf("%s: %d taken, %d refused with a reason", filepath.Base(folder), took, no)
	}
}

// examples are the events below a folder. A schema beside them is none.
func examples(t *testing.T, folder string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".json") &&
			!strings.HasSuffix(path, ".golden.json") && !strings.HasSuffix(path, ".schema.json") {
			out = append(out, path)
		}
		return err
	})
	if err != nil || len(out) < 9 {
		t.Fatalf("%d examples in %s, %v", len(out), folder, err)
	}
	return out
}

func TestWhatIsWrongWithASignal(t *testing.T) {
	for _, c := range []spoilt{
		{"mns/base.json", `"9990001014"`, `"9990001015"`, "/subject"},
		{"mns/base.json", `"subject": "9990001014"`, `"subject": ["xyz"]`, "/subject"},
		{"mns/base.json", `"pds-change-of-gp-2"`, `"xyzzy"`, "/type"},
		{"mns/base.json", `"pds-change-of-gp-2"`, `"nhshco-hc-complete-1"`, "/type"},
		{"mns/base.json", `"time"`, `"xyzzy"`, "/time"},
		{"mns/base.json", `"id"`, `"xyzzy"`, "/id"},
		{"mns/base.json", `"source"`, `"xyzzy"`, "/source"},
		{"mns/base.json", `"https://`, `"xyzzy://`, "/dataref"},
		{"mns/base.json", `"https://`, `"https://xyzzy:xyzzy@`, "/dataref"},
		{"mns/pds-change-of-gp-1.json", `"9990001014"`, `"9990001015"`, "/subject"},
		{"mns/pds-change-of-gp-1.json", `"dob": "`, `"dob": "xyzzy`, "/subject/dob"},
		{"mns/pds-change-of-gp-1.json", `"https://`, `"xyzzy `, "/data/fullUrl"},
		{"mns/fhir-imms.json", `"Parameters"`, `"xyzzy"`, "/type"},
		{"mns/fhir-imms.json", `"history"`, `"xyzzy"`, "/type"},
		{"mns/fhir-imms.json", `"9990001014"`, `"9990001015"`, "/entry/0/resource/parameter/4/part/2/valueReference/identifier/value"},
		{"mns/fhir-imms.json", `"timestamp"`, `"xyzzy"`, "/entry/0/resource/parameter"},
		{"mns/fhir-imms.json", `"valueInstant": "`, `"valueInstant": "xyzzy`, "/entry/0/resource/parameter/3/part/1/valueInstant"},
		{"mns/fhir-imms.json", `"additional-context"`, `"xyzzy"`, "/entry/0/resource/parameter /entry/0/resource/parameter /entry/0/resource/parameter"},
		{"mns/fhir-imms.json", `"https://api.imms`, `"http://api.imms`, "/entry/0/resource/parameter/3/part/2/valueReference/reference"},
		{"mns/fhir-imms.json", `"imms-vaccination-record-change-1"`, `"xyzzy"`, "/entry/0/resource/parameter/4/part/0/valueString"},
		{"mns/fhir-imms.json", `"uk.nhs.vaccinations-data-flow-management"`, `""`, "/entry/0/resource/parameter/4/part/1/valueUri"},
	} {
		t.Run(c.sample+c.want, c.check)
	}
}

// What a signal points to may be anywhere, also where only this machine can go.
// It is kept as it came, and nobody goes there.
func TestClaimCheckIsNotFetched(t *testing.T) {
	var calls atomic.Int32
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer server.Close()
	for _, sample := range []string{"testdata/mns/base.json", "testdata/mns/fhir-pds-death-notification-2.json"} {
		raw := string(nativetest.File(t, sample))
		i := strings.Index(raw, "https://api.")
		ref := raw[i : i+strings.IndexByte(raw[i:], '"')]
		if strings.Contains(ref, "subscriptions") {
			ref = "https://api.pds.example/FHIR/R4/Patient/9990001014"
		}
		ns, err := Notification([]byte(strings.ReplaceAll(raw, ref, server.URL+"/Patient/1")))
		if err != nil {
			t.Fatal(err, nativetest.Places(err))
		}
		if got, ok := ns[0].Report.Fact.(events.NationalRecordChanged); !ok || got.DataRef != server.URL+"/Patient/1" {
			t.Errorf("%s: the claim check is not kept as it came", sample)
		}
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("it was fetched %d times", n)
	}
}

// The same national event in either form is one event.
func TestEitherFormIsOneEvent(t *testing.T) {
	event := `{"specversion":"1.0","id":"0b1c5d6e-0000-4000-8000-000000000001","source":"https://fhir.nhs.uk/Id/nhsSpineASID/477121000324",
		"type":"pds-record-change-2","time":"2026-11-02T13:00:00Z","subject":"9990001014"}`
	bundle := string(nativetest.File(t, "testdata/mns/fhir-pds-record-change-2.json"))
	i := strings.Index(bundle, `"id": "`) + len(`"id": "`)
	bundle = strings.Replace(bundle, bundle[i:i+36], "0b1c5d6e-0000-4000-8000-000000000001", 1)
	ids := map[string]bool{}
	for _, raw := range []string{event, bundle} {
		ns, err := Notification([]byte(raw))
		if err != nil {
			t.Fatal(err, nativetest.Places(err))
		}
		ids[ns[0].ID] = true
	}
	if len(ids) != 1 {
		t.Errorf("%d events: %v", len(ids), slices.Collect(maps.Keys(ids)))
	}
}
