package gateway

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"kith/events"
)

// row is what a route is about, beyond for which role it is, which the table in
// routes_test.go says.
type row string

const (
	ofChild   row = "of a child"              // hidden unless opens
	showing   row = "showing a child"         // and shows what reads says
	finding   row = "finding a child"         // answers everybody, with the child if opens
	ofConcern row = "of a concern"            // hidden unless it is their school's or they are the authority
	listing   row = "listing concerns"        // refused to all but leads and the authority
	ofReceipt row = "of a receipt"            // hidden unless it is their agency's
	forRole   row = "for everybody of a role" // about no child that the address names
	keeping   row = "of a child in the body"  // these name none: hidden, but from governance, which knows of each
	ofSession row = "of a session"            // these requests show a token and have none
	convene   row = "convene"                 // acts: hidden, then refused unless does
	attend    row = "attend"
	decide    row = "decide"
	consent   row = "consent"
	restrict  row = "restrict"
	ofNothing row = "of what is not there" // these requests name none that is
	notShare  row = "not-share"
)

// rowOf has every route that asks who comes. A new one that is not here fails.
var rowOf = map[string]row{
	"POST /v1/events": forRole, "GET /v1/receipts": ofReceipt, "GET /v1/inbox": forRole,
	"POST /v1/concerns": forRole, "GET /v1/concerns": listing, "GET /v1/concerns/{reference}": ofConcern, "POST /v1/concerns/{reference}/decision": ofConcern,
	"GET /concerns/new": forRole, "POST /concerns": forRole, "GET /concerns/{reference}": ofConcern,
	"GET /concerns/{reference}/decision": ofConcern, "POST /concerns/{reference}/decision": ofConcern,
	"POST /v1/children/search": finding, "GET /v1/children/{child}/view": showing, "GET /v1/children/{child}/protection": ofChild,
	"GET /v1/children/{child}/changes": ofChild, "GET /search": forRole, "POST /search": finding, "GET /children/{child}": showing,
	"POST /v1/children/{child}/discussions": convene, "POST /v1/children/{child}/discussions/{discussion}/attendees": attend,
	"POST /v1/children/{child}/discussions/{discussion}/decision": decide,
	"GET /children/{child}/discussions/new":                       convene, "POST /children/{child}/discussions": convene,
	"POST /children/{child}/discussions/{discussion}/attendees": attend,
	"GET /children/{child}/discussions/{discussion}/decision":   decide, "POST /children/{child}/discussions/{discussion}/decision": decide,
	"POST /v1/children/{child}/consents": consent, "POST /v1/children/{child}/consents/{consent}/withdraw": consent,
	"GET /children/{child}/consents/new": consent, "POST /children/{child}/consents": consent,
	"GET /children/{child}/consents/{consent}/withdraw": consent, "POST /children/{child}/consents/{consent}/withdraw": consent,
	"GET /v1/reviews": forRole, "POST /v1/reviews/{review}": ofNothing, "GET /reviews": forRole, "POST /reviews/{review}": ofNothing,
	"POST /v1/children/{child}/not-shared": notShare, "GET /children/{child}/not-shared/new": notShare, "POST /children/{child}/not-shared": notShare,
	"GET /v1/not-shared": forRole, "GET /not-shared": forRole,
	"GET /v1/identity/candidates": forRole, "POST /v1/identity/link": forRole, "POST /v1/identity/decline": forRole, "POST /v1/identity/unlink": forRole,
	"GET /identity": forRole, "POST /identity/link": forRole, "POST /identity/decline": forRole, "POST /identity/unlink": forRole,
	"GET /v1/ledger": forRole, "GET /v1/ledger/unusual": forRole, "POST /v1/ledger/unusual/{finding}": forRole, "GET /unusual": forRole, "POST /unusual/{finding}": forRole,
	"GET /v1/ledger/children/{child}": forRole, "GET /v1/ledger/children/{child}/release": forRole, "GET /ledger/children/{child}": forRole,
	"GET /ledger/children/{child}/csv": forRole, "GET /ledger/children/{child}/fhir": forRole, "GET /ledger/children/{child}/release": forRole,
	"POST /v1/conflicts": forRole, "GET /v1/restrictions": forRole, "POST /v1/children/{child}/restrictions": restrict,
	"POST /v1/restrictions/{restriction}/review": ofNothing, "POST /v1/lifts": forRole, "POST /v1/lifts/{lift}/approval": ofNothing,
	"POST /v1/break-glass": forRole, "GET /v1/notices": forRole, "GET /v1/notices/{notice}": ofNothing, "POST /v1/notices/{notice}/review": forRole,
	"GET /conflicts/new": forRole, "POST /conflicts": forRole, "GET /restrictions": forRole, "GET /children/{child}/restrictions/new": ofChild,
	"POST /children/{child}/restrictions": restrict, "POST /restrictions/{restriction}/review": ofNothing, "POST /lifts": forRole,
	"POST /lifts/{lift}/approval": ofNothing, "GET /break-glass": forRole, "POST /break-glass": forRole,
	"GET /notices": forRole, "GET /notices/{notice}": ofNothing, "POST /notices/{notice}/review": forRole,
	"GET /children/{child}/copies": ofChild, "POST /children/{child}/copies": ofChild, "GET /children/{child}/copies/{copy}": ofNothing,
	"POST /children/{child}/copies/{copy}/items": ofNothing, "POST /children/{child}/copies/{copy}/address": ofNothing, "POST /children/{child}/copies/{copy}/archive": ofNothing,
	"GET /v1/erasures": forRole, "POST /v1/erasures": keeping, "POST /v1/erasures/{erasure}/confirm": forRole, "POST /v1/erasures/{erasure}/cancel": forRole,
	"GET /erasures": forRole, "GET /erasures/new": forRole, "POST /erasures": keeping, "POST /erasures/{erasure}/confirm": forRole, "POST /erasures/{erasure}/cancel": forRole,
	"POST /v1/holds": keeping, "POST /v1/holds/{hold}/lift": forRole, "GET /holds/new": forRole, "POST /holds": keeping, "POST /holds/{hold}/lift": forRole,
	"GET /{$}": forRole, "POST /alive": forRole, "POST /sign-out/everywhere": forRole, "GET /sign-in/again": ofSession, "POST /sign-in/again": ofSession,
}

// asking is one request of somebody.
type asking struct {
	User
	pattern   string
	child     events.ChildID
	tie       tie
	label     events.Label
	purpose   events.Purpose
	reference string          // of a concern,
	raisedBy  events.AgencyID // which this agency raised; none if there is no such concern
	receiptOf events.AgencyID
}

// want is what the tables say: a class of answer, and whether the secret is in it.
func (a asking) want() (class string, secrets bool) {
	if !strings.Contains(admitted[a.pattern], a.Persona[:1]) {
		return "refused", false
	}
	open := opens(a.User, a.tie)
	switch kind := rowOf[a.pattern]; kind {
	case forRole, finding:
		return "in", false
	case keeping:
		return either(a.Reader.Role == events.RoleGovernance, "in", "hidden"), false
	case ofSession:
		return "refused", false
	case ofNothing:
		return "hidden", false
	case listing:
		return either(a.Reader.Role == events.RoleDSL || works(a.User), "in", "refused"), false
	case ofConcern:
		return either(a.raisedBy != "" && (a.raisedBy == a.Reader.Agency || works(a.User)), "in", "hidden"), false
	case ofReceipt:
		return either(a.receiptOf == a.Reader.Agency, "in", "hidden"), false
	case ofChild:
		return either(open, "in", "hidden"), false
	case showing:
		return either(open, "in", "hidden"), reads(a.User, a.tie, a.label, a.purpose)
	default:
		return either(!open, "hidden", either(does(a.User, a.tie, string(kind)), "in", "refused")), false
	}
}

func either(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

func (a asking) request() *http.Request {
	method, pattern, _ := strings.Cut(a.pattern, " ")
	path := strings.NewReplacer("{$}", "", "{child}", string(a.child), "{reference}", a.reference, "{discussion}", "d1",
		"{consent}", "k9", "{finding}", "at-night-17").Replace(pattern)
	query := "?purpose=" + string(a.purpose) + "&to=child&id=e1&source=urn:kith:agency:" + string(a.receiptOf)
	kind, body := "application/json", "{}"
	search := `"name":{"given":"Ava","family":"Example"},"dateOfBirth":"2017-03-09"`
	switch {
	case a.pattern == "POST /v1/children/search":
		body = `{` + search + `,"purpose":"` + string(a.purpose) + `"}`
	case a.pattern == "POST /search":
		kind, body = form64, "given=Ava&family=Example&born=2017-03-09&purpose="+string(a.purpose)
	case method == "POST" && !strings.HasPrefix(path, "/v1/"):
		kind, body = form64, ""
	case method == "GET":
		kind, body = "", ""
	}
	r := httptest.NewRequest(method, path+query, strings.NewReader(body))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	r.Header.Set("Authorization", "Bearer token-"+a.Persona)
	return r
}

// hangUp asks, and hangs up after the first words of the answer: some answers
// have no end.
func hangUp(w http.Handler, r *http.Request) *httptest.ResponseRecorder {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	rec := httptest.NewRecorder()
	w.ServeHTTP(hearer{rec, cancel}, r.WithContext(ctx))
	return rec
}

type hearer struct {
	*httptest.ResponseRecorder
	hangUp func()
}

func (h hearer) Write(p []byte) (int, error) {
	if h.Header().Get("Content-Type") == "text/event-stream" {
		defer h.hangUp()
	}
	return h.ResponseRecorder.Write(p)
}

const form64 = "application/x-www-form-urlencoded"

// answered asks, and reports whether the answer is what the tables say.
func (a asking) answered(t *testing.T, w *world) bool {
	t.Helper()
	rec := hangUp(w, a.request())
	class, said := "in", rec.Body.String()
	switch rec.Code {
	case http.StatusNotFound:
		class = "hidden"
	case http.StatusForbidden:
		class = "refused"
	case http.StatusUnauthorized, http.StatusInternalServerError, http.StatusMethodNotAllowed:
		class = http.StatusText(rec.Code)
	}
	want, secrets := a.want()
	found := rowOf[a.pattern] != finding || strings.Contains(said, string(theChild)) == (opens(a.User, a.tie) && want == "in")
	if class == want && strings.Contains(said, secret) == secrets && found {
		return true
	}
	t.Errorf("%s of %s, %s, an item that is %s, for %s, concern of %q, receipt of %q: %d, want %s, secrets %v", a.pattern, a.Persona, a.tie, a.label, a.purpose,
		a.raisedBy, a.receiptOf, rec.Code, want, secrets)
	return false
}

func labelled() []events.Label {
	return []events.Label{events.Involvement, events.Core, events.Sensitive, events.Restricted}
}

func everyPurpose() []events.Purpose {
	return []events.Purpose{events.PurposeSection47, events.PurposeSection17, events.PurposeEarlyHelp,
		events.PurposeCarePlanning, events.PurposeAudit, events.PurposeSubjectAccess}
}

// guarded are the routes that ask who comes; each must have its row.
func guarded(t *testing.T, w *world) (patterns []string) {
	t.Helper()
	for _, rt := range w.routes() {
		if rt.guard == nil {
			continue
		}
		if rowOf[rt.pattern] == "" {
			t.Errorf("%s: say in rowOf what it is about, and to whom it shows what", rt.pattern)
		}
		patterns = append(patterns, rt.pattern)
	}
	if len(patterns) != len(rowOf) {
		t.Errorf("%d routes ask who comes, and %d are described", len(patterns), len(rowOf))
	}
	return patterns
}

// Every route, for every role and agency, every tie to the child and every label,
// answers as the tables of who may say.
func TestMatrix(t *testing.T) {
	w := newWorld(t)
	patterns, asked, wrong := guarded(t, w), 0, 0
	for _, u := range accounts() {
		for _, k := range ties() {
			for _, l := range labelled() {
				w.pictures = map[events.ChildID]events.Picture{theChild: tied(theChild, u, k, l, w.now)}
				for _, pattern := range patterns {
					for _, p := range everyPurpose() {
						a := asking{User: u, pattern: pattern, child: theChild, tie: k, label: l, purpose: p,
							reference: "QX3M-7RTL-P2VA", raisedBy: school, receiptOf: school}
						if rowOf[pattern] != showing && p != events.PurposeSection47 {
							continue
						}
						if asked++; !a.answered(t, w) {
							wrong++
						}
					}
				}
				w.reads = nil
			}
		}
	}
	t.Logf("%d requests: %d routes, %d accounts, %d ties, %d labels; %d wrong", asked, len(patterns), len(accounts()), len(ties()), len(labelled()), wrong)
}

// The same with everything chosen at random, and ids of others put into every
// place: another child, one that does not exist, another school's concern,
// another agency's receipt.
func TestMatrixAtRandom(t *testing.T) {
	n := 50_000
	if os.Getenv("KITH_SOAK") != "" {
		n = 1_000_000
	}
	w := newWorld(t)
	rnd := rand.New(rand.NewPCG(5, 5))
	patterns, wrong := guarded(t, w), 0
	concerns := map[string]events.AgencyID{"QX3M-7RTL-P2VA": school, "M4ZT-9KQW-H7NB": school, "T8PL-2WXC-V5JD": "elmtree-school", "AAAA-BBBB-CCCC": ""}
	references := []string{"QX3M-7RTL-P2VA", "M4ZT-9KQW-H7NB", "T8PL-2WXC-V5JD", "AAAA-BBBB-CCCC"}
	for range n {
		a := asking{User: pick(rnd, accounts()), pattern: pick(rnd, patterns), tie: pick(rnd, ties()), label: pick(rnd, labelled()),
			purpose: pick(rnd, everyPurpose()), reference: pick(rnd, references), receiptOf: pick(rnd, agencies()).ID}
		a.raisedBy, a.child = concerns[a.reference], theChild
		w.pictures = map[events.ChildID]events.Picture{theChild: tied(theChild, a.User, a.tie, a.label, w.now),
			"cotherotherotherother": tied("cotherotherotherother", a.User, stranger, a.label, w.now)}
		if rowOf[a.pattern] != finding {
			switch rnd.IntN(3) {
			case 0:
				a.child, a.tie = "cotherotherotherother", stranger
			case 1:
				a.child, a.tie = "cnobodycnobodycnobody", stranger
			default:
			}
		}
		if !a.answered(t, w) {
			wrong++
		}
		w.reads, w.acts = nil, nil
	}
	t.Logf("%d random requests; %d wrong", n, wrong)
}

func pick[T any](rnd *rand.Rand, of []T) T { return of[rnd.IntN(len(of))] }
