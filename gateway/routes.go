package gateway

import (
	"net/http"

	"kith/services/fault"
)

// handler answers a request or returns why it cannot; see fail.
type handler func(http.ResponseWriter, *http.Request, *caller) error

// route is one line of the list: nobody has to sign in where guard is nil.
type route struct {
	pattern string
	guard   guard
	handle  handler
}

// routes is the whole of what the gateway serves, in reading order.
func (g *Gateway) routes() []route {
	return []route{
		// Open to everyone.
		{"GET /sign-in", nil, g.signInPage},
		{"POST /sign-in", nil, g.signIn},
		{"POST /sign-out", nil, g.signOut},
		{"GET /sign-in/{issuer}", nil, g.signInWith},
		{"GET /sign-in/{issuer}/back", nil, g.signedInWith},
		{"POST /sign-in/{issuer}/ended", nil, g.signedOutBy},
		{"POST /sign-in/{issuer}/post", nil, g.choosePost},
		{"GET /about", nil, g.words("about.html", "About Kith")},
		{"GET /privacy", nil, g.words("privacy.html", "Privacy")},
		{"GET /accessibility", nil, g.words("accessibility.html", "Accessibility statement")},
		{"GET /policies", nil, g.policies},
		{"GET /problems", nil, g.problems},
		{"GET /problems/{kind}", nil, g.problems},
		{"GET /catalogue", nil, g.catalogue},
		{"GET /catalogue/{type}", nil, g.catalogueType},
		{"GET /catalogue/api", nil, g.apiCatalogue},
		{"GET /catalogue/api/{operation}", nil, g.apiOperation},
		{"GET /refusals/{code}", nil, g.refusal},
		{"GET /schemas/{file...}", nil, g.schema},
		{"GET /openapi.yaml", nil, contractAt("/schemas/openapi.yaml")},
		{"GET /asyncapi.yaml", nil, contractAt("/schemas/asyncapi.yaml")},
		{"GET /static/{file}", nil, g.static},
		{"GET /livez", nil, g.livez},
		{"GET /readyz", nil, g.readyz},

		// The agencies' systems.
		{"POST /v1/events", practising, g.postEvents},
		{"GET /v1/receipts", practising, g.getReceipt},
		{"GET /v1/inbox", practising, g.getInbox},

		// A concern, from the school to what became of it.
		{"POST /v1/concerns", dsl, g.postConcern},
		{"GET /v1/concerns", practising, g.getConcerns},
		{"GET /v1/concerns/{reference}", practising, g.getConcern},
		{"POST /v1/concerns/{reference}/decision", caseworker, g.postReferralDecision},
		{"GET /concerns/new", dsl, g.newConcern},
		{"POST /concerns", dsl, g.sendConcern},
		{"GET /concerns/{reference}", practising, g.concern},
		{"GET /concerns/{reference}/decision", caseworker, g.newReferralDecision},
		{"POST /concerns/{reference}/decision", caseworker, g.sendReferralDecision},

		// A child's view.
		{"POST /v1/children/search", practising, g.postSearch},
		{"GET /v1/children/{child}/view", practising, g.getView},
		{"GET /v1/children/{child}/protection", practising, g.getProtection},
		{"GET /v1/children/{child}/changes", practising, g.changes},
		{"GET /search", practising, g.newSearch},
		{"POST /search", practising, g.search},
		{"GET /children/{child}", practising, g.child},

		// Strategy discussions.
		{"POST /v1/children/{child}/discussions", practising, g.postDiscussion},
		{"POST /v1/children/{child}/discussions/{discussion}/attendees", practising, g.postAttendee},
		{"POST /v1/children/{child}/discussions/{discussion}/decision", practising, g.postDecision},
		{"GET /children/{child}/discussions/new", practising, g.newDiscussion},
		{"POST /children/{child}/discussions", practising, g.sendDiscussion},
		{"POST /children/{child}/discussions/{discussion}/attendees", practising, g.sendAttendee},
		{"GET /children/{child}/discussions/{discussion}/decision", practising, g.newDecision},
		{"POST /children/{child}/discussions/{discussion}/decision", practising, g.sendDecision},

		// Consent to share.
		{"POST /v1/children/{child}/consents", practising, g.postConsent},
		{"POST /v1/children/{child}/consents/{consent}/withdraw", practising, g.postWithdrawal},
		{"GET /children/{child}/consents/new", practising, g.newConsent},
		{"POST /children/{child}/consents", practising, g.sendConsent},
		{"GET /children/{child}/consents/{consent}/withdraw", practising, g.newWithdrawal},
		{"POST /children/{child}/consents/{consent}/withdraw", practising, g.sendWithdrawal},

		// Copies of the record, for the child, a parent or a court.
		{"GET /children/{child}/copies", caseworker, g.newCopies},
		{"POST /children/{child}/copies", caseworker, g.sendCopies},
		{"GET /children/{child}/copies/{copy}", caseworker, g.copy},
		{"POST /children/{child}/copies/{copy}/items", caseworker, g.sendJudgment},
		{"POST /children/{child}/copies/{copy}/address", caseworker, g.sendConfirmation},
		{"POST /children/{child}/copies/{copy}/archive", caseworker, g.stepUp(g.sendCopy)},

		// What policies leave to people, and what people do not share.
		{"GET /v1/reviews", judging, g.getReviews},
		{"POST /v1/reviews/{review}", judging, g.postRuling},
		{"GET /reviews", judging, g.reviews},
		{"POST /reviews/{review}", judging, g.sendRuling},
		{"POST /v1/children/{child}/not-shared", practising, g.postNotShared},
		{"GET /children/{child}/not-shared/new", practising, g.newNotShared},
		{"POST /children/{child}/not-shared", practising, g.sendNotShared},
		{"GET /v1/not-shared", governance, g.getNotShared},
		{"GET /not-shared", governance, g.notShared},

		// Which subjects are the same child.
		{"GET /v1/identity/candidates", socialWorker, g.getCandidates},
		{"POST /v1/identity/link", socialWorker, g.postLink},
		{"POST /v1/identity/decline", socialWorker, g.postDecline},
		{"POST /v1/identity/unlink", socialWorker, g.stepUp(g.postUnlink)},
		{"GET /identity", socialWorker, g.candidates},
		{"POST /identity/link", socialWorker, g.sendLink},
		{"POST /identity/decline", socialWorker, g.sendDecline},
		{"POST /identity/unlink", socialWorker, g.stepUp(g.sendUnlink)},

		// Conflicts of interest, restricted records, and access in an emergency.
		{"POST /v1/conflicts", governance, g.postConflict},
		{"GET /v1/restrictions", signatory, g.getRestrictions},
		{"POST /v1/children/{child}/restrictions", practising, g.postRestriction},
		{"POST /v1/restrictions/{restriction}/review", signatory, g.postRestrictionReview},
		{"POST /v1/lifts", signatory, g.stepUp(g.postLift)},
		{"POST /v1/lifts/{lift}/approval", signatory, g.stepUp(g.postLiftApproval)},
		{"POST /v1/break-glass", breaking, g.stepUp(g.postGlass)},
		{"GET /v1/notices", governance, g.getNotices},
		{"GET /v1/notices/{notice}", governance, g.getNotice},
		{"POST /v1/notices/{notice}/review", governance, g.postGlassReview},
		{"GET /conflicts/new", governance, g.newConflict},
		{"POST /conflicts", governance, g.sendConflict},
		{"GET /restrictions", signatory, g.restrictions},
		{"GET /children/{child}/restrictions/new", practising, g.newRestriction},
		{"POST /children/{child}/restrictions", practising, g.sendRestriction},
		{"POST /restrictions/{restriction}/review", signatory, g.sendRestrictionReview},
		{"POST /lifts", signatory, g.stepUp(g.sendLift)},
		{"POST /lifts/{lift}/approval", signatory, g.stepUp(g.sendLiftApproval)},
		{"GET /break-glass", breaking, g.stepUp(g.newGlass)},
		{"POST /break-glass", breaking, g.stepUp(g.sendGlass)},
		{"GET /notices", governance, g.noticesPage},
		{"GET /notices/{notice}", governance, g.notice},
		{"POST /notices/{notice}/review", governance, g.sendGlassReview},

		// Who looked.
		{"GET /v1/ledger", governance, g.getLedger},
		{"GET /v1/ledger/unusual", governance, g.getUnusual},
		{"POST /v1/ledger/unusual/{finding}", governance, g.postFinding},
		{"GET /unusual", governance, g.unusualPage},
		{"POST /unusual/{finding}", governance, g.sendFinding},
		{"GET /v1/ledger/children/{child}", governance, g.getWhoLooked},
		{"GET /v1/ledger/children/{child}/release", governance, g.stepUp(g.getRelease)},
		{"GET /ledger/children/{child}", governance, g.whoLooked},
		{"GET /ledger/children/{child}/csv", governance, g.stepUp(g.whoLookedCSV)},
		{"GET /ledger/children/{child}/fhir", governance, g.stepUp(g.whoLookedFHIR)},
		{"GET /ledger/children/{child}/release", governance, g.stepUp(g.releasePage)},

		// What is erased, and what must not be.
		{"GET /v1/erasures", keeper, g.getErasures},
		{"POST /v1/erasures", keeper, g.postErasure},
		{"POST /v1/erasures/{erasure}/confirm", keeper, g.postErasureConfirm},
		{"POST /v1/erasures/{erasure}/cancel", keeper, g.postErasureCancel},
		{"POST /v1/holds", keeper, g.postHold},
		{"POST /v1/holds/{hold}/lift", keeper, g.postHoldLift},
		{"GET /erasures", keeper, g.erasures},
		{"GET /erasures/new", keeper, g.newErasure},
		{"POST /erasures", keeper, g.sendErasure},
		{"POST /erasures/{erasure}/confirm", keeper, g.sendErasureConfirm},
		{"POST /erasures/{erasure}/cancel", keeper, g.sendErasureCancel},
		{"GET /holds/new", keeper, g.newHold},
		{"POST /holds", keeper, g.sendHold},
		{"POST /holds/{hold}/lift", keeper, g.sendHoldLift},

		// Everyone's own start, and staying signed in.
		{"GET /{$}", signedIn, g.home},
		{"POST /alive", signedIn, g.alive},
		{"POST /sign-out/everywhere", signedIn, g.signOutEverywhere},
		{"GET /sign-in/again", signedIn, g.againPage},
		{"POST /sign-in/again", signedIn, g.again},
	}
}

// serve wraps a route's handler: who asks, may they come in, and what to say
// when it does not work out.
func (g *Gateway) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := g.admit(r, rt)
		if err == nil && c != nil && rt.guard != nil {
			var done func()
			if r, done, err = g.sessions.answer(r, c, g.barred); err == nil {
				defer done()
			}
		}
		if err == nil {
			err = rt.handle(w, r, c)
		}
		if err != nil {
			g.fail(w, r, c, err)
		}
	})
}

func (g *Gateway) admit(r *http.Request, rt route) (*caller, error) {
	c, err := g.callerOf(r, r.Pattern != listening)
	switch {
	case rt.guard == nil:
		return c, nil
	case err != nil:
		return nil, err
	case c == nil:
		return nil, fault.New(fault.Unsigned, "Sign in, or send an access token.")
	case !rt.guard(g, c.Reader):
		return c, fault.New(fault.Refused, "This is not for your role.")
	}
	return c, nil
}

// nowhere answers every address that is no route, as it answers for a record
// that is not there.
func (g *Gateway) nowhere(w http.ResponseWriter, r *http.Request) {
	c, _ := g.callerOf(r, true)
	g.fail(w, r, c, fault.NotFound)
}
