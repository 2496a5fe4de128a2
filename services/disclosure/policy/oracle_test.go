package policy

import (
	"slices"
	"time"

	"kith/events"
)

// The oracle says what the partnership agreed, written without looking at the
// policies: not as permits and forbids but as one reading, from the item to
// those whom it reaches. Where the two differ, one of them is wrong.

// who asks, and about what; in the events' own words.
type who struct {
	agency    events.AgencyID
	kind      events.AgencyKind
	authority bool
	role      events.ReaderRole
	purpose   events.Purpose
	ties      Ties
}

func (w who) caseworker() bool {
	return w.authority && (w.role == events.RoleChair || w.role == events.RoleSocialWorker)
}

// works: somebody of this role who works with this child, and from whom the child
// is not kept: by a conflict of interest or a restriction, which nothing outweighs.
func (w who) works() bool {
	if w.ties.Barred {
		return false
	}
	switch w.role {
	case events.RoleDSL, events.RolePractitioner, events.RoleSocialWorker, events.RoleChair:
	default:
		return false
	}
	return w.ties.Holds || w.ties.Invited || w.ties.TookPart || w.authority && w.ties.Concern
}

// preparesCopy: a caseworker of the authority who prepares a copy that somebody has
// a right to, and looks for that.
func (w who) preparesCopy() bool {
	return w.caseworker() && w.ties.Copying && w.purpose == events.PurposeSubjectAccess
}

func (w who) inTheRoom() bool { return w.ties.Attending && w.purpose == events.PurposeSection47 }

// ceiling is the most sensitive label of which the content reaches somebody
// for the protection of a child: 0 none, 2 core, 3 sensitive.
func (w who) ceiling() int {
	if w.role == events.RoleDSL {
		return 0
	}
	best := 0
	if w.caseworker() && (w.purpose == events.PurposeSection17 || w.purpose == events.PurposeSection47) {
		best = 2
	}
	if w.purpose == events.PurposeSection47 && (w.ties.Attending || w.authority && w.role == events.RoleChair) {
		best = 3
	}
	if w.preparesCopy() {
		best = 3 // to judge what is to be left out, they read all that may leave its agency
	}
	return best
}

var height = map[events.Label]int{events.Involvement: 1, events.Core: 2, events.Sensitive: 3}

func stays(it events.Item) bool {
	for _, c := range it.Caveats {
		if c != events.NoGuardian && c != events.ThirdParty {
			return true
		}
	}
	return height[it.Label] == 0
}

func mayKnow(w who, it events.Item) bool {
	switch {
	case !w.works():
		return false
	case it.Agency == w.agency:
		return true
	case stays(it):
		return false
	case w.inTheRoom(), w.preparesCopy():
		return true
	case w.purpose == events.PurposeAudit || w.purpose == events.PurposeSubjectAccess || w.purpose == "":
		return false
	case w.role == events.RoleDSL:
		return it.Kind == events.KindSocialCare || it.Kind == events.KindEducation
	}
	return true
}

func mayAsk(w who, it events.Item) bool { return w.works() && w.inTheRoom() && stays(it) }

func maySee(w who, it events.Item, consents []events.ConsentRecord, now time.Time) bool {
	if !w.works() {
		return false
	}
	if it.Agency == w.agency {
		return true
	}
	agreed := agreed(w.agency, it.Basis.Scope, consents, now)
	if stays(it) || !conditionMet(it.Basis, agreed) {
		return false
	}
	switch it.Basis.Article6 {
	case events.PublicTask, events.LegalObligation, events.VitalInterests,
		events.RecognisedLegitimateInterest: // a charity's or independent school's way to safeguard a child
		return height[it.Label] <= w.ceiling()
	case events.ByConsent:
		return agreed && (height[it.Label] <= w.ceiling() || reachesEarlyHelp(w, it))
	}
	return false
}

func reachesEarlyHelp(w who, it events.Item) bool {
	if w.purpose != events.PurposeEarlyHelp || it.Basis.Scope != events.EarlyHelp || height[it.Label] > 2 {
		return false
	}
	if w.role == events.RoleDSL && (it.Kind == events.KindPolice || it.Kind == events.KindHealth) {
		return false
	}
	return w.authority || w.kind == events.KindEducation || w.kind == events.KindHealth
}

func conditionMet(b events.Basis, agreed bool) bool {
	switch b.Article9 {
	case "", events.HealthOrSocialCare:
		return true
	case events.ExplicitConsent:
		return agreed
	case events.VitalInterests9:
		return b.Article6 == events.VitalInterests
	case events.SubstantialPublicInterest:
		p := b.Paragraph18
		return p != nil && p.Ground != "" && p.Necessity != "" && p.Subject != "" && p.PolicyDocument != ""
	}
	return false
}

func agreed(with events.AgencyID, to events.Scope, consents []events.ConsentRecord, now time.Time) bool {
	return to != "" && slices.ContainsFunc(consents, func(c events.ConsentRecord) bool {
		return c.Scope == to && c.InForce(now) && (c.Partners == nil || slices.Contains(c.Partners, with))
	})
}

// The three answers.
const permit, deny, review = "permit", "deny", "review"

// human is what people said: a young person who objects, and somebody who judged.
type human struct {
	objects bool
	judged  string // "share", "withhold" or nothing yet
}

// seeing: what is said of others, and what a young person does not want shared, waits
// for somebody to judge, unless a life or a child at risk of significant harm would
// wait with it. Nobody's judgement gives what would not have been given without the
// question.
func seeing(w who, it events.Item, consents []events.ConsentRecord, now time.Time, h human) string {
	if !maySee(w, it, consents, now) {
		return deny
	}
	delicate := h.objects || slices.Contains(it.Caveats, events.ThirdParty)
	urgent := w.purpose == events.PurposeSection47 || it.Basis.Article6 == events.VitalInterests
	if it.Agency == w.agency || urgent || !delicate || h.judged == "share" {
		return permit
	}
	if h.judged == "withhold" {
		return deny
	}
	return review
}

// matter is what somebody wants to do something about, if it is no item.
type matter struct {
	ours, inIt, asked, forUs bool // of our agency; we take part; our agency is invited; a consent covers us
}

// mayDo is everything but knowing of an item and seeing it.
func mayDo(w who, act Act, m matter) bool {
	practises := w.role != events.RoleGovernance && w.role != "visitor"
	switch act {
	case ReadConcern:
		return practises && m.ours || w.caseworker()
	case ListConcerns:
		return m.ours && w.role == events.RoleDSL || w.caseworker()
	case Judge:
		return practises && m.ours && w.role != events.RoleSocialWorker || w.authority && w.role == events.RoleGovernance
	}
	if !w.works() {
		return false
	}
	switch act {
	case Open:
		return true
	case ReadDiscussion:
		protecting := w.purpose == events.PurposeSection47 || w.purpose == events.PurposeSection17 || w.purpose == events.PurposeCarePlanning
		return protecting && (w.caseworker() || m.inIt || m.asked)
	case ReadConsent:
		return w.caseworker() || w.ties.Holds && m.forUs
	case Convene, Copy:
		return w.caseworker()
	case Attend:
		return w.caseworker() || w.ties.Invited
	case Conclude:
		return w.authority && w.role == events.RoleChair
	case Consent, NotShare:
		return w.caseworker() || w.ties.Holds
	}
	return false
}
