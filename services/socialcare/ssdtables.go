package socialcare

import (
	"cmp"
	"slices"
	"strconv"

	"kith/events"
	"kith/services/internal/native"
)

// ssdDoors are the tables of the Standard Safeguarding Dataset that are taken.
func ssdDoors() map[string]ssdTable {
	return map[string]ssdTable{
		"/ssd/cin-episodes": {"cine_person_id", []string{"cine_referral_id", "cine_referral_date", "cine_cin_primary_need_code",
			"cine_referral_source_code", "cine_referral_nfa", "cine_close_date", "cine_close_reason"}, ssdReferral},
		"/ssd/cin-assessments": {"cina_person_id", []string{"cina_assessment_id", "cina_assessment_start_date",
			"cina_assessment_child_seen", "cina_assessment_auth_date", "cina_assessment_outcome_nfa"}, ssdAssessment},
		"/ssd/s47-enquiries": {"s47e_person_id", []string{"s47e_s47_enquiry_id", "s47e_s47_start_date", "s47e_s47_end_date",
			"s47e_s47_nfa"}, ssdEnquiry},
		"/ssd/initial-cp-conferences": {"icpc_person_id", []string{"icpc_icpc_id", "icpc_icpc_target_date", "icpc_icpc_date",
			"icpc_icpc_outcome_cp_flag"}, ssdConference},
		"/ssd/cp-plans": {"cppl_person_id", []string{"cppl_cp_plan_id", "cppl_cp_plan_start_date", "cppl_cp_plan_end_date",
			"cppl_cp_plan_initial_category", "cppl_cp_plan_latest_category"}, ssdPlan},
		"/ssd/cp-reviews": {"cppr_person_id", []string{"cppr_cp_review_id", "cppr_cp_plan_id", "cppr_cp_review_due", "cppr_cp_review_date",
			"cppr_cp_review_outcome", "cppr_cp_review_quorate", "cppr_cp_review_participation"}, ssdReview},
		"/ssd/involvements": {"invo_person_id", []string{"invo_involvements_id", "invo_professional_role_id", "invo_professional_team",
			"invo_involvement_start_date", "invo_involvement_end_date"}, ssdInvolvement},
	}
}

// A row tells how things stand. Each standing has an id of its own, made of the
// row's, so that the same row again is the same notice.

func ssdReferral(r ssdRow) events.Notice {
	fact := events.Referral{
		Reference: r.reference("cine_referral_id"), Received: r.first("cine_referral_date"),
		From: native.Choose(r.f, r.at+"/cine_referral_source_code", r.text("cine_referral_source_code"), sources()...),
		Need: r.code("cine_cin_primary_need_code", numbered("N", 0, 9)...), NoFurtherAction: is(r.flag("cine_referral_nfa")),
		ClosureReason: r.code("cine_close_reason", numbered("RC", 1, 9)...),
	}
	fact.Closed = r.last("cine_close_date", fact.Received)
	s := r.shared(cmp.Or(fact.Closed, fact.Received), care(), r.team("cine_referral_team"))
	s.Caveats = untold(fact.From)
	return events.Notice{
		ID:     "ssd-referral:" + fact.Reference + suffix(fact.Need, "") + mark(fact.NoFurtherAction, ":nfa") + suffix(string(fact.Closed), "ended"),
		Report: events.Report{Shared: s, Fact: fact},
	}
}

func ssdAssessment(r ssdRow) events.Notice {
	fact := events.Assessment{
		Reference: r.reference("cina_assessment_id"), Started: r.first("cina_assessment_start_date"),
		ChildSeen: r.flag("cina_assessment_child_seen"), NoFurtherAction: r.flag("cina_assessment_outcome_nfa"),
	}
	fact.Ended = r.last("cina_assessment_auth_date", fact.Started)
	return events.Notice{
		ID: "ssd-assessment:" + fact.Reference + mark(is(fact.ChildSeen), ":seen") + mark(is(fact.NoFurtherAction), ":nfa") + suffix(string(fact.Ended), "ended"),
		Report: events.Report{Fact: fact,
			Shared: r.shared(cmp.Or(fact.Ended, fact.Started), care(), r.team("cina_assessment_team"))},
	}
}

func ssdEnquiry(r ssdRow) events.Notice {
	fact := events.Section47Dates{
		Reference: r.reference("s47e_s47_enquiry_id"), Started: r.first("s47e_s47_start_date"), NoFurtherAction: r.flag("s47e_s47_nfa"),
	}
	fact.Ended = r.last("s47e_s47_end_date", fact.Started)
	return events.Notice{
		ID: "ssd-s47-enquiry:" + fact.Reference + mark(is(fact.NoFurtherAction), ":nfa") + suffix(string(fact.Ended), "ended"),
		Report: events.Report{Fact: fact,
			Shared: r.shared(cmp.Or(fact.Ended, fact.Started), protection(), r.team("s47e_s47_completed_by_team"))},
	}
}

func ssdConference(r ssdRow) events.Notice {
	fact := events.InitialConference{
		Reference: r.reference("icpc_icpc_id"), Due: r.day("icpc_icpc_target_date"), Held: r.day("icpc_icpc_date"),
		Plan: r.flag("icpc_icpc_outcome_cp_flag"),
	}
	if fact.Held == "" {
		return events.Notice{}
	}
	return events.Notice{
		ID:     "ssd-initial-cp-conference:" + fact.Reference + mark(is(fact.Plan), ":plan"),
		Report: events.Report{Fact: fact, Shared: r.shared(fact.Held, protection(), r.team("icpc_icpc_team"))},
	}
}

func ssdPlan(r ssdRow) events.Notice {
	initial := r.text("cppl_cp_plan_initial_category")
	fact := events.ProtectionPlan{
		Reference: r.reference("cppl_cp_plan_id"), Started: r.first("cppl_cp_plan_start_date"),
		Category: native.Choose(r.f, r.at+"/cppl_cp_plan_latest_category", events.Category(cmp.Or(r.text("cppl_cp_plan_latest_category"), initial)),
			events.Neglect, events.Physical, events.Sexual, events.Emotional, events.Multiple),
	}
	fact.Ended = r.last("cppl_cp_plan_end_date", fact.Started)
	return events.Notice{
		ID: "ssd-cp-plan:" + fact.Reference + suffix(string(fact.Ended), "ended") + mark(string(fact.Category) != initial, ":"+string(fact.Category)),
		Report: events.Report{Fact: fact,
			Shared: r.shared(cmp.Or(fact.Ended, fact.Started), protection(), r.team("cppl_cp_plan_team"))},
	}
}

func ssdReview(r ssdRow) events.Notice {
	fact := events.ProtectionPlanReview{
		Reference: r.reference("cppr_cp_review_id"), Plan: r.reference("cppr_cp_plan_id"),
		Due: r.day("cppr_cp_review_due"), Held: r.day("cppr_cp_review_date"),
		Continues: r.flag("cppr_cp_review_outcome"), Quorate: r.flag("cppr_cp_review_quorate"),
		Participation: r.code("cppr_cp_review_participation", numbered("PN", 0, 7)...),
	}
	if fact.Held == "" {
		return events.Notice{}
	}
	return events.Notice{
		ID:     "ssd-cp-review:" + fact.Reference,
		Report: events.Report{Fact: fact, Shared: r.shared(fact.Held, protection(), r.team("cppr_cp_review_team"))},
	}
}

func ssdInvolvement(r ssdRow) events.Notice {
	fact := events.InvolvementChanged{
		Service: r.f.Line(r.at+"/invo_professional_role_id", r.text("invo_professional_role_id")),
		Team:    r.f.Line(r.at+"/invo_professional_team", r.text("invo_professional_team")), Since: r.first("invo_involvement_start_date"),
	}
	fact.Until = r.last("invo_involvement_end_date", fact.Since)
	s := r.shared(cmp.Or(fact.Until, fact.Since), care(), fact.Team)
	s.Label = events.Involvement
	return events.Notice{
		ID:     "ssd-involvement:" + r.reference("invo_involvements_id") + suffix(string(fact.Until), "ended"),
		Report: events.Report{Fact: fact, Shared: s},
	}
}

// untold keeps who referred from the family where it was an acquaintance, another
// individual, or nobody who gave a name.
func untold(source string) []events.Caveat {
	if slices.Contains([]string{"1B", "1D", "9"}, source) {
		return []events.Caveat{events.NoGuardian, events.ThirdParty}
	}
	return nil
}

func is(b *bool) bool { return b != nil && *b }

// suffix is ":" and the words, or the value itself where there are none; nothing
// where there is no value.
func suffix(value, words string) string { return mark(value != "", ":"+cmp.Or(words, value)) }

func mark(is bool, words string) string {
	if is {
		return words
	}
	return ""
}

func numbered(prefix string, from, to int) []string {
	var out []string
	for i := from; i <= to; i++ {
		out = append(out, prefix+strconv.Itoa(i))
	}
	return out
}
