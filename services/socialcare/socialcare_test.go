package socialcare

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/services/internal/native/nativetest"
)

// door is told by the name of the sample.
func door(_ testing.TB, sample string) func([]byte) ([]events.Notice, error) {
	if _, table, ok := strings.Cut(sample, "ssd-"); ok {
		table, _, _ = strings.Cut(table, ".")
		return Doors()["/ssd/"+table]
	}
	if strings.Contains(sample, "cin-census") {
		return Doors()["/cin-census"]
	}
	return Doors()["/records"]
}

func TestTheStandardDatasetNamesWhatIsWrong(t *testing.T) {
	for _, c := range []spoilt{
		{"ssd-cp-plans.csv", "2026-11-20", "xyzzy", "/0/cppl_cp_plan_start_date"},
		{"ssd-cp-plans.csv", "2026-10-30", "2026-01-30", "/1/cppl_cp_plan_end_date"},
		{"ssd-cp-plans.csv", "EMO,EMO", "EMO,xyzzy", "/0/cppl_cp_plan_latest_category"},
		{"ssd-cp-plans.csv", "P-78", "xyz zy", "/1/cppl_cp_plan_id"},
		{"ssd-cp-plans.csv", "Wren", "", "/0/pers_forename"},
		{"ssd-cp-plans.csv", "pers_dob", "pers_upn", ""},
		{"ssd-cp-plans.csv", "cppl_cp_plan_end_date", "xyzzy", "/0/cppl_cp_plan_end_date"},
		{"ssd-cin-episodes.csv", "2026-03-02 00:00:00", "02/03/2026", "/1/cine_referral_date"},
		{"ssd-cin-episodes.csv", "2026-03-20 00:00:00", "2026-03-01", "/1/cine_close_date"},
		{"ssd-cin-episodes.csv", ",2A,", ",11,", "/0/cine_referral_source_code"},
		{"ssd-cin-episodes.csv", ",2A,", ",,", "/0/cine_referral_source_code"},
		{"ssd-cin-episodes.csv", "N1", "N10", "/0/cine_cin_primary_need_code"},
		{"ssd-cin-episodes.csv", "RC8", "RC0", "/1/cine_close_reason"},
		{"ssd-cin-episodes.csv", ",Y,", ",yes,", "/1/cine_referral_nfa"},
		{"ssd-cin-episodes.csv", "B801200005001", "A801200005001", "/0/pers_upn"},
		{"ssd-cin-episodes.csv", "LA-30071", "", "/0/cine_person_id"},
		{"ssd-cin-assessments.json", `"2026-11-13"`, `""`, "/0/cina_assessment_start_date"},
		{"ssd-cin-assessments.json", `"2026-11-13"`, `20261113`, "/0/cina_assessment_start_date"},
		{"ssd-cin-assessments.json", `"Y", "cina_assessment_auth_date"`, `true, "cina_assessment_auth_date"`, "/0/cina_assessment_child_seen"},
		{"ssd-s47-enquiries.csv", "2026-02-24", "2026-02-01", "/1/s47e_s47_end_date"},
		{"ssd-initial-cp-conferences.csv", "2026-03-02", "2/3/26", "/0/icpc_icpc_date"},
		{"ssd-initial-cp-conferences.csv", "2026-03-02", "", ""}, // nothing has happened in any row
		{"ssd-cp-reviews.json", "PN5", "PN8", "/0/cppr_cp_review_participation"},
		{"ssd-cp-reviews.json", `"cppr_cp_review_due"`, `"xyzzy"`, "/0/cppr_cp_review_due"},
		{"ssd-involvements.csv", "Allocated case worker,Safeguarding team,2026-11-20", "Allocated case worker,,2026-11-20", "/0/invo_professional_team"},
	} {
		t.Run(c.sample+c.want, c.check)
	}
}

// A row that is exported again is the same event; one that says more is another.
func TestEachStandingOfARowHasAnIDOfItsOwn(t *testing.T) {
	began := string(nativetest.File(t, "testdata/ssd-cin-episodes.csv"))
	decided := strings.Replace(began, "Schools,N,", "Schools,Y,", 1)
	closed := strings.Replace(decided, "Y,,,Front", "Y,RC8,2026-11-30,Front", 1)
	ids := map[string]bool{}
	for _, raw := range []string{began, decided, closed, began} {
		ns, err := Doors()["/ssd/cin-episodes"]([]byte(raw))
		if err != nil {
			t.Fatal(err, nativetest.Places(err))
		}
		ids[ns[0].ID] = true
	}
	if len(ids) != 3 {
		t.Errorf("%d ids, want 3", len(ids))
	}
}

// Who referred without a name must not become known to the family through us.
func TestWhoReferredStaysUnknown(t *testing.T) {
	ns, err := Doors()["/ssd/cin-episodes"](nativetest.File(t, "testdata/ssd-cin-episodes.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if school, nobody := ns[0].Report.Caveats, ns[1].Report.Caveats; len(school) != 0 || !slices.Contains(nobody, events.NoGuardian) {
		t.Errorf("a school %v, nobody %v", school, nobody)
	}
}

func TestWhatIsWrongIsNamedByItsPlace(t *testing.T) {
	for _, c := range []spoilt{
		{"rows.json", `"contact", "id"`, `"xyzzy", "id"`, "/0/record"},
		{"rows.json", `"C-20411", "recordedAt"`, `"xyz zy", "recordedAt"`, "/0/id"},
		{"rows.json", `"2026-11-12T09:50:00Z"`, `"xyzzy"`, "/0/receivedAt"},
		{"rows.json", `"1D"`, `"xyzzy"`, "/0/from"},
		{"rows.json", `"LA-30071", "upn"`, `"", "upn"`, "/0/child/laChildId"},
		{"rows.json", `"B801200005001"`, `"xyzzy"`, "/0/child/upn"},
		{"rows.json", `"9990001014"`, `"9990001015"`, "/0/child/nhsNumber"},
		{"rows.json", `["4 Sample Row", "Northshire"]`, `[]`, "/0/child/address/lines"},
		{"rows.json", `"female"`, `"xyzzy"`, "/0/child/sex"},
		{"rows.json", `"strategy-discussion"`, `"xyzzy"`, "/1/decision"},
		{"rows.json", `"strategy-discussion"`, `["xyzzy"]`, "/1/decision"},
		{"rows.json", `"There is reasonable cause to suspect significant harm."`, `" "`, "/1/rationale"},
		{"rows.json", `"OAK-2026-0031"`, `""`, "/1/reference"},
		{"rows.json", `"It could put the child at more risk."`, `""`, "/1/family/whyNot"},
		{"rows.json", `"service"`, `"xyz": 1, "service"`, "/2"},
		{"rows.json", `"ended": "2026-11-12"`, `"ended": "2026-01-12"`, "/2/ended"},
		{"rows.json", `"early-help"`, `"xyzzy"`, "/2/consentScope"},
		{"rows.json", `"revision": 2`, `"consentScope": "early-help"`, "/3/consentScope"},
		{"rows.json", `"revision": 2`, `"revision": -1`, "/3/revision"},
		{"rows.json", `"joint"`, `"xyzzy"`, "/3/conduct"},
		{"rows.json", `"I like it when it is quiet."`, `""`, "/3/childVoice/words"},
		{"rows.json", `"seenAlone": true`, `"seenAlone": "xyzzy"`, "/3/seenAlone"},
		{"row.json", `"EMO"`, `"xyzzy"`, "/category"},
		{"row.json", `"2026-11-20",`, `"20/11/2026",`, "/started"},
		{"row.json", `"Safeguarding team"`, `""`, "/contact/team"},
		{"row.json", `"Testerly"`, `""`, "/child/familyName"},
		{"row.json", `"2015-06-14"`, `"xyzzy"`, "/child/dateOfBirth"},
	} {
		t.Run(c.sample+c.want, c.check)
	}
}

// What began and later ended is told twice: the second must not be taken for the
// first sent again.
func TestEndHasAnIDOfItsOwn(t *testing.T) {
	began := string(nativetest.File(t, "testdata/row.json"))
	ended := strings.Replace(began, `"category"`, `"ended": "2027-05-01", "category"`, 1)
	ids := map[string]bool{}
	for _, raw := range []string{began, ended, began} {
		ns, err := Record([]byte(raw))
		if err != nil {
			t.Fatal(err, nativetest.Places(err))
		}
		ids[ns[0].ID] = true
	}
	if len(ids) != 2 {
		t.Errorf("%d ids, want 2", len(ids))
	}
}

func TestReferralDecisionForm(t *testing.T) {
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	form := ReferralDecisionForm{
		Reference: "OAK-2026-0031", Decision: events.DecideAssessment, Rationale: "The child needs an assessment.",
		Child: events.Person{
			LocalID: "004512", Role: events.RoleChild, DateOfBirth: "2015-06-14",
			Name: events.Name{Given: "Wren", Family: "Testerly"}, Identifiers: events.Identifiers{UPN: "B801200005001"},
		},
		Contact: events.Contact{Team: "Children's front door"},
	}
	n, err := form.Notice(at)
	if err != nil {
		t.Fatal(err)
	}
	nativetest.Fits(t, n)
	if got := n.Report.About[0].LocalID; got != "B801200005001" {
		t.Errorf("the school's number of the pupil must not become the authority's: %s", got)
	}
	if again, _ := form.Notice(at); again.ID != n.ID {
		t.Error("another id the second time")
	}
	_, err = ReferralDecisionForm{}.Notice(at)
	if got, want := strings.Join(nativetest.Places(err), " "), "/child /contact/team /reference /decision /rationale"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
