package socialcare

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kith/events"
	"kith/services/internal/native"
)

// Census translates a children in need census return, as XML by the schemas of 2025
// and 2026. It holds no names: children without a unique pupil number are passed
// over, since nobody could tell who they are.
func Census(raw []byte) ([]events.Notice, error) {
	message, err := readCIN(raw, cinMessage())
	if err != nil {
		return nil, err
	}
	f := &native.Form{}
	var ns []events.Notice
	for _, c := range message.part("Children").all("Child") {
		ns = append(ns, cinChild{f, c}.notices()...)
	}
	if len(ns) == 0 && f.Err() == nil {
		f.Wrong("/Message/Children", "at least one child with a UPN")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return apart(ns), nil
}

// apart tells two of the same kind on the same day of one episode apart, by their
// order in the return.
func apart(ns []events.Notice) []events.Notice {
	seen := map[string]int{}
	for i, n := range ns {
		if seen[n.ID]++; seen[n.ID] > 1 {
			ns[i].ID += "#" + strconv.Itoa(seen[n.ID])
		}
		ns[i].Version.Record = ns[i].ID // a return says how things stand
	}
	return ns
}

type cinChild struct {
	f *native.Form
	cinNode
}

func (c cinChild) notices() []events.Notice {
	ids := c.part("ChildIdentifiers")
	upn := ids.part("UPN").text
	if upn == "" {
		return nil
	}
	if !events.ValidUPN(upn) {
		c.f.Wrong(ids.at+"/UPN", "a unique pupil number with the right check letter, or nothing")
	}
	child := events.Person{
		LocalID: c.f.Reference(ids.at+"/LAchildID", ids.part("LAchildID").text), Role: events.RoleChild,
		DateOfBirth: events.Date(ids.part("PersonBirthDate").text), Identifiers: events.Identifiers{UPN: upn},
		Sex: map[string]events.Sex{"F": events.Female, "M": events.Male, "U": events.SexUnknown}[ids.part("Sex").text],
	}
	var ns []events.Notice
	for _, d := range c.all("CINdetails") {
		ns = append(ns, cinEpisode{c.f, d, child, child.LocalID + ":" + d.part("CINreferralDate").text}.notices()...)
	}
	return ns
}

// cinEpisode is what followed from one referral. It is called after the child's
// number and the day of the referral, of which there is one.
type cinEpisode struct {
	f *native.Form
	cinNode
	child events.Person
	name  string
}

func (e cinEpisode) notices() []events.Notice {
	ns := []events.Notice{e.referral()}
	for _, a := range e.all("Assessments") {
		ns = append(ns, e.assessment(a))
	}
	for _, p := range e.all("CINPlanDates") {
		ns = append(ns, e.inNeed(p))
	}
	held := map[string]bool{"": true}
	for _, s := range e.all("Section47") {
		ns = append(ns, e.enquiry(s))
		if day := s.part("DateOfInitialCPC").text; !held[day] {
			held[day] = true
			ns = append(ns, e.conference(s))
		}
	}
	if !held[e.part("DateOfInitialCPC").text] { // of a child who moved here: no enquiry of this authority
		ns = append(ns, e.conference(e.cinNode))
	}
	for _, p := range e.all("ChildProtectionPlans") {
		ns = append(ns, e.plan(p)...)
	}
	return ns
}

func (e cinEpisode) notice(kind string, on events.Date, basis events.Basis, label events.Label, fact events.Fact) events.Notice {
	day := native.Beginning(on) // the grammar says that it is a day
	return events.Notice{ID: "cin-" + kind, Report: events.Report{
		Shared: events.Shared{OccurredAt: day, RecordedAt: day, Basis: basis, Label: label, Contact: events.Contact{Team: "Children's social care"}},
		About:  []events.Person{e.child}, Fact: fact,
	}}
}

// span is from when to when something lasted.
func (e cinEpisode) span(n cinNode, from, to string) (started, ended events.Date) {
	started, ended = events.Date(n.part(from).text), events.Date(n.part(to).text)
	if ended != "" && ended < started {
		e.f.Wrong(n.at+"/"+to, "a day not before "+from)
	}
	return started, ended
}

func (e cinEpisode) referral() events.Notice {
	from, until := e.span(e.cinNode, "CINreferralDate", "CINclosureDate")
	fact := events.Referral{
		Reference: e.name, Received: from, From: e.part("ReferralSource").text, Need: e.part("PrimaryNeedCode").text,
		NoFurtherAction: e.part("ReferralNFA").text == "1", Closed: until, ClosureReason: e.part("ReasonForClosure").text,
	}
	n := e.notice("referral:"+e.name+suffix(fact.Need, "")+mark(fact.NoFurtherAction, ":nfa")+suffix(string(until), "ended"),
		cmp.Or(until, from), care(), events.Core, fact)
	n.Report.Caveats = untold(fact.From)
	return n
}

func (e cinEpisode) assessment(a cinNode) events.Notice {
	from, until := e.span(a, "AssessmentActualStartDate", "AssessmentAuthorisationDate")
	var found []string
	for _, c := range a.part("FactorsIdentifiedAtAssessment").all("AssessmentFactors") {
		found = append(found, c.text)
	}
	slices.Sort(found)
	ref := e.name + ":" + string(from)
	return e.notice("assessment:"+ref+suffix(string(until), "ended"), cmp.Or(until, from), care(), events.Core,
		events.Assessment{Reference: ref, Started: from, Ended: until, Factors: slices.Compact(found)})
}

func (e cinEpisode) inNeed(p cinNode) events.Notice {
	from, until := e.span(p, "CINPlanStartDate", "CINPlanEndDate")
	return e.notice("plan:"+e.name+":"+string(from)+suffix(string(until), "ended"), cmp.Or(until, from), care(), events.Involvement,
		events.InvolvementChanged{Service: "Child in need plan", Team: "Children's social care", Since: from, Until: until})
}

func (e cinEpisode) enquiry(s cinNode) events.Notice {
	from := events.Date(s.part("S47ActualStartDate").text)
	ref := e.name + ":" + string(from)
	return e.notice("section47:"+ref, from, protection(), events.Core, events.Section47Dates{Reference: ref, Started: from})
}

func (e cinEpisode) conference(n cinNode) events.Notice {
	held := events.Date(n.part("DateOfInitialCPC").text)
	ref := e.name + ":" + string(held)
	return e.notice("conference:"+ref, held, protection(), events.Core,
		events.InitialConference{Reference: ref, Due: events.Date(n.part("InitialCPCtarget").text), Held: held})
}

func (e cinEpisode) plan(p cinNode) []events.Notice {
	from, until := e.span(p, "CPPstartDate", "CPPendDate")
	ref := fmt.Sprint(e.name, ":", from)
	first, latest := p.part("InitialCategoryOfAbuse").text, p.part("LatestCategoryOfAbuse").text
	ns := []events.Notice{e.notice("cp-plan:"+ref+suffix(string(until), "ended")+mark(first != latest, ":"+latest), cmp.Or(until, from), protection(), events.Core,
		events.ProtectionPlan{Reference: ref, Started: from, Ended: until, Category: events.Category(latest)})}
	for _, r := range p.part("Reviews").all("CPPreviewDate") {
		held := events.Date(strings.TrimSpace(r.text))
		if held < from || until != "" && held > until {
			e.f.Wrong(r.at, "a day while the plan lasted")
		}
		ns = append(ns, e.notice("cp-review:"+ref+":"+string(held), held, protection(), events.Core,
			events.ProtectionPlanReview{Reference: ref + ":" + string(held), Plan: ref, Held: held}))
	}
	return ns
}
