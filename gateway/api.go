package gateway

import (
	"net/http"
	"slices"

	"kith/services/fault"
)

// operation is what the hub publishes of one route of the API. openapi.yaml and
// the pages about the API are made of it.
type operation struct {
	ID      string // also the name of its example in schemas/api/examples
	Summary string
	Query   []parameter
	Bodies  []content
	Once    bool // takes an Idempotency-Key; see cause
	Status  int
	Answer  content
	Headers []string // of all its answers but those to who may not ask, by their names in headers
	Place   string   // the header of its answer that leads on, if one does
	May     []fault.Kind
}

// parameter is one that stands behind the question mark.
type parameter struct {
	Name, Text, Kind string // Kind is "text" or the place of a schema below schemas/
	Required         bool
}

// content is a body: its media type, and where below schemas/ its schema is.
type content struct{ Media, Schema string }

func (o operation) reads() bool { return len(o.Bodies) > 0 }

// problems are the kinds that a route may answer with, in the order of kinds.
func (o operation) problems() (ks []kind) {
	every := []fault.Kind{fault.Unsigned, fault.Refused, fault.Unavailable, fault.Internal}
	for _, k := range kinds {
		read := o.reads() && (k.Kind == fault.Invalid || k.Kind == tooLarge)
		if read || slices.Contains(every, k.Kind) || slices.Contains(o.May, k.Kind) {
			ks = append(ks, k)
		}
	}
	return ks
}

// header is one that an answer of the API may carry.
type header struct{ Name, Text, Example string }

var headers = []header{
	{"Location", "Where to ask what became of it.", "/v1/concerns/QX3M-7RTL-P2VA"},
	{"RateLimit-Policy", "How many events your agency may send in how many seconds, where a limit was agreed (draft-ietf-httpapi-ratelimit-headers).", `"events";q=10;w=2`},
	{"RateLimit", "How many of them are left, and in how many seconds there are more.", `"events";r=6;t=0`},
	{"Retry-After", "After how many seconds to send the same again.", "10"},
	{"WWW-Authenticate", "What to sign in with.", `Bearer realm="kith"`},
}

// headersOf are those that every problem of a kind carries.
func headersOf(k fault.Kind) []string {
	switch k {
	case fault.Unsigned:
		return []string{"WWW-Authenticate"}
	case fault.Unavailable, tooMany:
		return []string{"Retry-After"}
	default:
		return nil
	}
}

const (
	problemType  = "application/problem+json"
	streamType   = "text/event-stream"
	fhirType     = "application/fhir+json"
	eventType    = "application/cloudevents+json"
	batchType    = "application/cloudevents-batch+json"
	problemShape = "api/problem.json"
)

// body is a body in JSON of which the schema lies in schemas/api.
func body(name string) []content { return []content{answer(name)} }

func answer(name string) content { return content{jsonType, "api/" + name + ".json"} }

func purposeOfLook() parameter {
	return parameter{"purpose", "Why you look. It decides what you may see, and is written down.", "api/view.json#/$defs/purpose", true}
}

// operations say what each route of the API is for, by its pattern.
func operations() map[string]operation {
	const changed, absent, wrong = fault.Conflict, fault.Hidden, fault.Invalid
	return map[string]operation{
		"POST /v1/events": {ID: "postEvents", Summary: "Hand in CloudEvents, in binary, structured or batched mode, and get the receipts.",
			Bodies: []content{{eventType, "api/handed.json"}, {batchType, "api/events.json"}, {jsonType, "api/event.json#/properties/data"}},
			Status: http.StatusAccepted, Answer: answer("receipts"), Headers: []string{"RateLimit-Policy", "RateLimit"}, May: []fault.Kind{eventRefused, tooMany}},
		"GET /v1/receipts": {ID: "getReceipt", Summary: "The receipt for an event of your own, again, by its source and id.",
			Query:  []parameter{{"source", "CloudEvents source of the event.", "text", true}, {"id", "CloudEvents id of the event.", "text", true}},
			Status: http.StatusOK, Answer: content{jsonType, "hub/receipt.v1.json"}, May: []fault.Kind{wrong, absent}},
		"GET /v1/inbox": {ID: "getInbox", Summary: "Messages of the hub after the one that you read last; waits for one if asked to.",
			Query: []parameter{{"after", "What the last answer said under next; left out, from the beginning.", "api/inbox.json#/properties/next", false},
				{"wait", "How long to wait for a message, 30s at most; left out, not at all.", "text", false},
				{"include", "answers: receipts and refusals too. Left out, neither.", "text", false}},
			Status: http.StatusOK, Answer: answer("inbox"), May: []fault.Kind{wrong}},

		"POST /v1/concerns": {ID: "postConcern", Summary: "Raise a school's concern about a child.",
			Bodies: body("concern-form"), Status: http.StatusAccepted, Answer: answer("receipts"), Place: "Location", May: []fault.Kind{eventRefused}},
		"GET /v1/concerns": {ID: "getConcerns", Summary: "The concerns that you may know of, and how far each is.",
			Status: http.StatusOK, Answer: answer("concerns")},
		"GET /v1/concerns/{reference}": {ID: "getConcern", Summary: "What became of a concern.",
			Status: http.StatusOK, Answer: answer("concern"), May: []fault.Kind{absent}},
		"POST /v1/concerns/{reference}/decision": {ID: "postReferralDecision", Summary: "Decide on a concern.",
			Bodies: body("referral-decision-form"), Status: http.StatusAccepted, Answer: answer("receipts"), May: []fault.Kind{absent, changed, eventRefused}},

		"POST /v1/children/search": {ID: "postSearch", Summary: "Find a child by exact identifiers, or by name and date of birth, for a stated purpose.",
			Bodies: body("search-form"), Status: http.StatusOK, Answer: answer("matches")},
		"GET /v1/children/{child}/view": {ID: "getView", Summary: "The shared view of a child, for a stated purpose, also as known at a moment.",
			Query:  []parameter{purposeOfLook(), {"asKnownAt", "A moment to look back to (RFC 3339); without an offset it is of the hub's own zone. Left out, now.", "text", false}},
			Status: http.StatusOK, Answer: answer("view"), May: []fault.Kind{wrong, absent}},
		"GET /v1/children/{child}/protection": {ID: "getProtection", Summary: "Whether the child is on a plan or in care, as FHIR Flags in the shape of CP-IS.",
			Query: []parameter{purposeOfLook()}, Status: http.StatusOK, Answer: content{fhirType, "api/protection.json"}, May: []fault.Kind{wrong, absent}},
		"GET /v1/children/{child}/changes": {ID: "getChanges", Summary: "Server-sent events: that something new was recorded, and nothing of what.",
			Status: http.StatusOK, Answer: content{Media: streamType}, May: []fault.Kind{absent}},

		"POST /v1/children/{child}/discussions": {ID: "postDiscussion", Summary: "Convene a strategy discussion.", Once: true,
			Bodies: body("discussion-form"), Status: http.StatusCreated, Answer: answer("discussion"), May: []fault.Kind{absent, changed}},
		"POST /v1/children/{child}/discussions/{discussion}/attendees": {ID: "postAttendee", Summary: "Attend a strategy discussion, in your own role.", Once: true,
			Status: http.StatusCreated, Answer: answer("discussion"), May: []fault.Kind{absent, changed}},
		"POST /v1/children/{child}/discussions/{discussion}/decision": {ID: "postDecision", Summary: "Record what a strategy discussion decided.", Once: true,
			Bodies: body("decision-form"), Status: http.StatusCreated, Answer: answer("discussion"), May: []fault.Kind{absent, changed}},

		"POST /v1/children/{child}/consents": {ID: "postConsent", Summary: "Record a consent to share.", Once: true,
			Bodies: body("consent-form"), Status: http.StatusCreated, Answer: answer("consent"), May: []fault.Kind{absent}},
		"POST /v1/children/{child}/consents/{consent}/withdraw": {ID: "postWithdrawal", Summary: "Record that a consent was withdrawn.", Once: true,
			Bodies: body("withdrawal-form"), Status: http.StatusOK, Answer: answer("consent"), May: []fault.Kind{absent}},

		"GET /v1/reviews": {ID: "getReviews", Summary: "What policies leave to people, and you may judge.",
			Status: http.StatusOK, Answer: answer("reviews")},
		"POST /v1/reviews/{review}": {ID: "postRuling", Summary: "Judge whether an item is shown to those who ask.", Once: true,
			Bodies: body("ruling-form"), Status: http.StatusOK, Answer: answer("settled"), May: []fault.Kind{absent}},
		"POST /v1/children/{child}/not-shared": {ID: "postNotShared", Summary: "Record a decision not to share.", Once: true,
			Bodies: body("not-shared-form"), Status: http.StatusCreated, Answer: answer("not-shared-kept"), May: []fault.Kind{absent}},
		"GET /v1/not-shared": {ID: "getNotShared", Summary: "Decisions not to share, for information governance.",
			Status: http.StatusOK, Answer: answer("not-shared")},

		"GET /v1/identity/candidates": {ID: "getCandidates", Summary: "Records that may be of one child and wait for a person to decide.",
			Status: http.StatusOK, Answer: answer("candidates")},
		"POST /v1/identity/link": {ID: "postLink", Summary: "Join two records as one child.", Once: true,
			Bodies: body("link-form"), Status: http.StatusOK, Answer: answer("settled"), May: []fault.Kind{absent, changed}},
		"POST /v1/identity/decline": {ID: "postDecline", Summary: "Keep two records apart.", Once: true,
			Bodies: body("link-form"), Status: http.StatusOK, Answer: answer("settled"), May: []fault.Kind{absent, changed}},
		"POST /v1/identity/unlink": {ID: "postUnlink", Summary: "Part a record from a child.", Once: true,
			Bodies: body("link-form"), Status: http.StatusOK, Answer: answer("settled"), May: []fault.Kind{absent, changed}},

		"GET /v1/erasures": {ID: "getErasures", Summary: "What is being erased, was erased, or must not be.",
			Status: http.StatusOK, Answer: answer("erasures")},
		"POST /v1/erasures": {ID: "postErasure", Summary: "Ask for an erasure, which a second person in another role has to confirm.", Once: true,
			Bodies: body("erasure-form"), Status: http.StatusCreated, Answer: answer("erasure"), May: []fault.Kind{absent, changed}},
		"POST /v1/erasures/{erasure}/confirm": {ID: "postErasureConfirm", Summary: "Confirm an erasure that somebody else asked for: what it is about is hidden from now on.", Once: true,
			Status: http.StatusOK, Answer: answer("erasure"), May: []fault.Kind{absent, changed}},
		"POST /v1/erasures/{erasure}/cancel": {ID: "postErasureCancel", Summary: "Take an erasure back before the keys are destroyed.", Once: true,
			Bodies: body("reference-form"), Status: http.StatusOK, Answer: answer("erasure"), May: []fault.Kind{absent, changed}},
		"POST /v1/holds": {ID: "postHold", Summary: "Place a legal hold.", Once: true,
			Bodies: body("hold-form"), Status: http.StatusCreated, Answer: answer("hold"), May: []fault.Kind{absent}},
		"POST /v1/holds/{hold}/lift": {ID: "postHoldLift", Summary: "Ask that a hold be lifted, or lift it where another person in another role asked.", Once: true,
			Bodies: body("reference-form"), Status: http.StatusOK, Answer: answer("hold"), May: []fault.Kind{absent}},
		"POST /v1/conflicts": {ID: "postConflict", Summary: "Keep a member of staff from all children to whom they are related.", Once: true,
			Bodies: body("conflict-form"), Status: http.StatusCreated, Answer: answer("conflict")},
		"GET /v1/restrictions": {ID: "getRestrictions", Summary: "The restrictions and conflicts of which you may know, and what waits for a second person.",
			Status: http.StatusOK, Answer: answer("restrictions")},
		"POST /v1/children/{child}/restrictions": {ID: "postRestriction", Summary: "Keep a child from all but those you name.", Once: true,
			Bodies: body("restriction-form"), Status: http.StatusCreated, Answer: answer("restriction"), May: []fault.Kind{absent}},
		"POST /v1/restrictions/{restriction}/review": {ID: "postRestrictionReview", Summary: "Say that you looked at a restriction again and that it stays for another 90 days.", Once: true,
			Status: http.StatusOK, Answer: answer("settled"), May: []fault.Kind{absent}},
		"POST /v1/lifts": {ID: "postLift", Summary: "Propose, as the first of two people, to lift a restriction or a conflict, or to let one more account know of a child.", Once: true,
			Bodies: body("lift-form"), Status: http.StatusCreated, Answer: answer("lift"), May: []fault.Kind{absent}},
		"POST /v1/lifts/{lift}/approval": {ID: "postLiftApproval", Summary: "Approve, as the second of two people, what the first proposed.", Once: true,
			Status: http.StatusOK, Answer: answer("settled"), May: []fault.Kind{absent}},
		"POST /v1/break-glass": {ID: "postGlass", Summary: "Open a child in an emergency, for four hours; governance is told.", Once: true,
			Bodies: body("glass-form"), Status: http.StatusCreated, Answer: answer("glass"), May: []fault.Kind{absent}},
		"GET /v1/notices": {ID: "getNotices", Summary: "References of what governance has to look into, and how often the glass is broken.",
			Status: http.StatusOK, Answer: answer("notices")},
		"GET /v1/notices/{notice}": {ID: "getNotice", Summary: "What a notice refers to; to look into it is recorded.",
			Status: http.StatusOK, Answer: answer("notice"), May: []fault.Kind{absent}},
		"POST /v1/notices/{notice}/review": {ID: "postGlassReview", Summary: "Record what the review of an emergency access found.", Once: true,
			Bodies: body("glass-review-form"), Status: http.StatusOK, Answer: answer("settled"), May: []fault.Kind{absent, changed}},

		"GET /v1/ledger": {ID: "getLedger", Summary: "Who looked, at whom, for what.",
			Status: http.StatusOK, Answer: answer("ledger")},
		"GET /v1/ledger/unusual": {ID: "getUnusual", Summary: "Looks of the last week that fit a pattern, for somebody to look at.",
			Status: http.StatusOK, Answer: answer("unusual")},
		"POST /v1/ledger/unusual/{finding}": {ID: "postFinding", Summary: "Decide on what a pattern found: it is fine, or to be investigated.", Once: true,
			Bodies: body("review-form"), Status: http.StatusOK, Answer: answer("settled"), May: []fault.Kind{absent}},
		"GET /v1/ledger/children/{child}": {ID: "getWhoLooked", Summary: "Who looked at one child: all of it. That you look is recorded too.",
			Status: http.StatusOK, Answer: answer("who-looked")},
		"GET /v1/ledger/children/{child}/release": {ID: "getRelease", Summary: "Who looked at one child: what of it may be told to the child, or to a parent or carer.",
			Query:  []parameter{{"to", "To whom it is to be told.", "api/release.json#/$defs/audience", true}},
			Status: http.StatusOK, Answer: answer("release"), May: []fault.Kind{wrong}},
	}
}
