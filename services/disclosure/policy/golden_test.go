package policy

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"kith/events"
)

var update = flag.Bool("update", false, "write testdata/decisions.golden anew")

// TestGoldenDecisions keeps what people are told, word for word.
func TestGoldenDecisions(t *testing.T) {
	s := defaultSet(t)
	var b strings.Builder
	for _, c := range representative() {
		d := Decide(s, c.ask)
		fmt.Fprintf(&b, "%s\n  %s: %s\n", c.says, map[bool]string{true: "yes", false: "no"}[d.Allow], d.Reason)
		for _, g := range d.Grounds {
			fmt.Fprintf(&b, "  %s: %s\n", g.Policy, g.Basis)
		}
	}
	const file = "testdata/decisions.golden"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("decisions changed; go test -run Golden -update writes them anew, and the difference belongs in the review:\n%s", b.String())
	}
}

type spoken struct {
	says string
	ask  Request
}

func representative() []spoken {
	lead := Reader{events.RoleDSL, events.KindEducation, false}
	officer := Reader{events.RolePractitioner, events.KindPolice, false}
	nurse := Reader{events.RolePractitioner, events.KindHealth, false}
	worker := Reader{events.RoleSocialWorker, events.KindSocialCare, true}
	chair := Reader{events.RoleChair, events.KindSocialCare, true}
	governance := Reader{events.RoleGovernance, events.KindSocialCare, true}

	holds, concern, none := Ties{Holds: true}, Ties{Concern: true}, Ties{}
	inRoom := Ties{Holds: true, TookPart: true, Attending: true}

	incident := Thing{Kind: events.KindPolice, Label: events.Core, Basis: events.PublicTask}
	attendance := Thing{Kind: events.KindHealth, Label: events.Core, Basis: events.PublicTask, Condition: events.HealthOrSocialCare}
	harm := Thing{Kind: events.KindHealth, Label: events.Sensitive, Basis: events.PublicTask, Condition: events.SubstantialPublicInterest, Paragraph18: true}
	bare := Thing{Kind: events.KindHealth, Label: events.Core, Basis: events.PublicTask, Condition: events.SubstantialPublicInterest}
	plan := Thing{Kind: events.KindSocialCare, Label: events.Core, Basis: events.PublicTask}
	help := Thing{Kind: events.KindSocialCare, Label: events.Core, Basis: events.ByConsent, Scope: events.EarlyHelp, Consent: InForce}
	withdrawn, expired, others, missing := help, help, help, help
	withdrawn.Consent, expired.Consent, others.Consent, missing.Consent = Withdrawn, Expired, WithOthers, NotGiven
	secret := Thing{Kind: events.KindPolice, Label: events.Core, Basis: events.PublicTask, Guarded: true}
	charity := Thing{Kind: "charity", Label: events.Core, Basis: events.LegitimateInterests}
	school := Thing{Kind: events.KindEducation, Label: events.Core, Basis: events.RecognisedLegitimateInterest}
	own := Thing{Own: true, Kind: events.KindEducation, Label: events.Restricted, Guarded: true, Basis: events.ByConsent, Consent: Withdrawn}

	const s47, s17, early, care, audit = events.PurposeSection47, events.PurposeSection17, events.PurposeEarlyHelp, events.PurposeCarePlanning, events.PurposeAudit
	return []spoken{
		{"a lead opens a child of another school", Request{Open, s47, lead, none, Thing{}}},
		{"a lead opens a child of their own", Request{Open, s47, lead, holds, Thing{}}},
		{"a social worker opens a child for whom there is a concern", Request{Open, s47, worker, concern, Thing{}}},
		{"an officer opens a child for whom there is a concern", Request{Open, s47, officer, concern, Thing{}}},
		{"a social worker prepares a copy and sees a harm", Request{See, events.PurposeSubjectAccess, worker, Ties{Concern: true, Copying: true}, harm}},
		{"a social worker prepares a copy and knows of police", Request{Know, events.PurposeSubjectAccess, worker, Ties{Concern: true, Copying: true}, incident}},
		{"a social worker prepares a copy and meets what does not leave its agency", Request{See, events.PurposeSubjectAccess, worker, Ties{Concern: true, Copying: true}, secret}},
		{"a social worker says that it is for a copy that nobody asked for", Request{See, events.PurposeSubjectAccess, worker, concern, incident}},
		{"a lead prepares a copy", Request{See, events.PurposeSubjectAccess, lead, Ties{Holds: true, Copying: true}, plan}},
		{"a social worker records a request for a copy", Request{Copy, events.PurposeSubjectAccess, worker, concern, Thing{}}},
		{"an officer records a request for a copy", Request{Copy, events.PurposeSubjectAccess, officer, holds, Thing{}}},

		{"governance opens a child", Request{Open, audit, governance, Ties{Holds: true, Concern: true}, Thing{}}},

		{"a lead sees their own item, restricted and on consent withdrawn", Request{See, s47, lead, holds, own}},
		{"a lead knows of social care", Request{Know, s47, lead, holds, plan}},
		{"a lead knows of police", Request{Know, s47, lead, holds, incident}},
		{"a lead in the open discussion knows of police", Request{Know, s47, lead, inRoom, incident}},
		{"a lead sees a police incident", Request{See, s47, lead, holds, incident}},
		{"a lead in the open discussion sees a police incident", Request{See, s47, lead, inRoom, incident}},
		{"a lead sees what social care plans", Request{See, s47, lead, holds, plan}},
		{"a lead sees early help, consent in force", Request{See, early, lead, holds, help}},
		{"a lead sees early help, consent withdrawn", Request{See, early, lead, holds, withdrawn}},
		{"a nurse sees early help, consent run out", Request{See, early, nurse, holds, expired}},
		{"a nurse sees early help, consent that names others", Request{See, early, nurse, holds, others}},
		{"a nurse sees early help, no consent recorded", Request{See, early, nurse, holds, missing}},
		{"an officer sees early help, consent in force", Request{See, early, officer, holds, help}},

		{"a social worker sees a police incident for section 47", Request{See, s47, worker, concern, incident}},
		{"a social worker sees a police incident for care planning", Request{See, care, worker, concern, incident}},
		{"a social worker sees a health attendance for section 17", Request{See, s17, worker, concern, attendance}},
		{"a social worker sees special category data without a complete condition", Request{See, s47, worker, concern, bare}},
		{"a social worker sees sensitive harm", Request{See, s47, worker, concern, harm}},
		{"the chair sees sensitive harm", Request{See, s47, chair, concern, harm}},
		{"the chair sees sensitive harm for section 17", Request{See, s17, chair, concern, harm}},
		{"the chair sees what a charity shares on legitimate interests", Request{See, s47, chair, concern, charity}},
		{"the chair sees what an independent school shares on a recognised legitimate interest", Request{See, s47, chair, concern, school}},
		{"a nurse outside of the discussion sees it", Request{See, s47, nurse, holds, school}},
		{"the chair sees early help for section 47, consent in force", Request{See, s47, chair, concern, help}},
		{"the chair sees early help for section 47, consent withdrawn", Request{See, s47, chair, concern, withdrawn}},
		{"the chair sees police intelligence", Request{See, s47, chair, inRoom, secret}},
		{"the chair knows of it", Request{Know, s47, chair, inRoom, secret}},
		{"the chair in the open discussion is told to ask", Request{Ask, s47, chair, inRoom, secret}},
		{"the chair outside of it is told to ask", Request{Ask, s47, chair, concern, secret}},

		{"an officer knows of health", Request{Know, s47, officer, holds, attendance}},
		{"an officer knows of health, for audit", Request{Know, audit, officer, holds, attendance}},
		{"an officer sees a health attendance", Request{See, s47, officer, holds, attendance}},
		{"an officer in the open discussion sees it", Request{See, s47, officer, inRoom, attendance}},
		{"an officer in the open discussion sees sensitive harm", Request{See, s47, officer, inRoom, harm}},
		{"an officer sees it for section 17", Request{See, s17, officer, holds, attendance}},

		{"a lead reads the concern they raised", Request{ReadConcern, "", lead, none, Thing{Own: true}}},
		{"a lead reads the concern of another school", Request{ReadConcern, "", lead, none, Thing{}}},
		{"a social worker lists all concerns", Request{ListConcerns, "", worker, none, Thing{}}},
		{"an officer lists all concerns", Request{ListConcerns, "", officer, none, Thing{}}},
		{"a chair convenes", Request{Convene, s47, chair, concern, Thing{}}},
		{"a lead convenes", Request{Convene, s47, lead, holds, Thing{}}},
		{"a lead attends, not invited", Request{Attend, s47, lead, holds, Thing{}}},
		{"a lead attends, invited", Request{Attend, s47, lead, Ties{Invited: true}, Thing{}}},
		{"a social worker concludes", Request{Conclude, s47, worker, concern, Thing{}}},
		{"a lead records consent", Request{Consent, early, lead, holds, Thing{}}},
		{"an officer, only invited, records consent", Request{Consent, early, officer, Ties{Invited: true}, Thing{}}},
		{"a lead in the open discussion reads it", Request{ReadDiscussion, s47, lead, inRoom, Thing{TakesPart: true}}},
		{"a lead reads a discussion they are not in", Request{ReadDiscussion, s47, lead, holds, Thing{}}},
		{"a nurse opens her own relative's record", Request{Open, s47, nurse, Ties{Holds: true, Barred: true}, Thing{}}},
		{"a chair sees what a restriction keeps from them", Request{See, s47, chair, Ties{Concern: true, TookPart: true, Attending: true, Barred: true}, attendance}},
		{"a nurse reads a consent that names others", Request{ReadConsent, early, nurse, holds, Thing{}}},
	}
}
