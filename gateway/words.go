package gateway

import (
	"fmt"
	"strings"

	"kith/events"
)

// The words that pages use for what the vocabulary codes. A code without words
// is shown as it is: an odd word is better than a missing fact.
type words map[string]string

func (w words) of(code string) string {
	if s, ok := w[code]; ok {
		return s
	}
	return strings.ReplaceAll(code, "-", " ")
}

var (
	kindWords = words{"police": "Police", "health": "Health", "education": "Education", "socialcare": "Social care"}

	purposeWords = words{
		"s47":            "Section 47 enquiry or strategy discussion",
		"s17":            "Section 17 assessment of a child in need",
		"early-help":     "Early help, with the family’s consent",
		"care-planning":  "Care planning",
		"audit":          "Audit",
		"subject-access": "A request to see one’s own data",
	}

	article6Words = words{
		"consent":                        "Consent",
		"legal-obligation":               "Legal obligation",
		"vital-interests":                "Vital interests",
		"public-task":                    "Public task",
		"recognised-legitimate-interest": "Recognised legitimate interest",
		"legitimate-interests":           "Legitimate interests",
	}

	article9Words = words{
		"explicit-consent":            "Explicit consent",
		"vital-interests":             "Vital interests",
		"substantial-public-interest": "Safeguarding of children (Data Protection Act 2018, Schedule 1, paragraph 18)",
		"health-or-social-care":       "Health or social care",
	}

	groundWords = words{
		"consent-cannot-be-given":                      "consent cannot be given",
		"consent-cannot-reasonably-be-obtained":        "consent cannot reasonably be obtained",
		"obtaining-consent-would-prejudice-protection": "asking for consent would put protection at risk",
		"person-with-parental-responsibility":          "a person with parental responsibility",
		"young-person-with-capacity":                   "the young person, who has capacity",
	}

	caveatWords = words{
		"no-guardian":           "Do not pass on to a parent or carer",
		"third-party":           "Holds information about somebody else",
		"police-intelligence":   "Police intelligence",
		"legal-privilege":       "Legally privileged",
		"originator-controlled": "Ask the agency before passing it on",
	}

	labelWords = words{"involvement": "Involvement only", "core": "Core", "sensitive": "Sensitive", "restricted": "Restricted"}

	decisionWords = words{
		"strategy-discussion": "Strategy discussion",
		"assessment":          "Assessment by children’s social care",
		"family-help":         "Family help",
		"already-open":        "Already open to children’s social care",
		"no-further-action":   "No further action by children’s social care",
	}

	safeWords = words{"yes": "Yes", "no": "No", "unsure": "Not sure"}

	conductWords = words{"single": "by social care alone", "joint": "jointly with the police"}

	roleWords = words{
		"dsl": "Designated safeguarding lead", "social-worker": "Social worker", "chair": "Chair of strategy discussions",
		"practitioner": "Practitioner", "governance": "Information governance",
	}

	lookWords = words{"view": "A child’s view", "search": "A search", "concern": "Concerns", "discussion": "A strategy discussion",
		"message": "A message", "copy": "A copy of the record", "who-looked": "Who looked at a child", "release": "What may be told of who looked",
		"break-glass": "Emergency access", "notice": "A notice", "review": "What is to be judged", "not-shared": "Decisions not to share", "restrictions": "Restricted records"}

	whyNotWords = words{"more-detrimental": "To share it would be more detrimental to the child than not to", "not-relevant": "It would not help them to protect the child",
		"no-lawful-basis": "There is no lawful basis", "agreement-refused": "It rests on agreement, which was refused"}

	entryWords = words{"releasable": "The child, a parent or carer", "never-guardian": "The child, never a parent or carer",
		"operational": "Nobody outside", "covert": "Nobody outside: covert", "": "Not known: erased"}

	outcomeWords = words{"fine": "Looked at: fine", "investigate": "To be investigated"}

	audienceWords = words{"child": "the child", "guardian": "a parent or carer"}

	ruleWords = words{
		"first-seen":               "nobody else knows this child yet",
		"nhs-number+date-of-birth": "the same verified NHS number and date of birth",
		"upn+date-of-birth":        "the same unique pupil number and date of birth",
		"nhs-number":               "the same verified NHS number; a date of birth is missing or differs",
		"upn":                      "the same unique pupil number; a date of birth is missing or differs",
		"name+date-of-birth":       "the same name and date of birth",
		"decided-by-a-person":      "decided by a person",
	}
)

// basisWords says the lawful basis of an item, first in two words and then whole.
func basisWords(b events.Basis) (short string, whole []string) {
	short = article6Words.of(string(b.Article6))
	whole = append(whole, short+" (UK GDPR Article 6)")
	if b.Article6 == events.ByConsent && b.Scope != "" {
		scope := strings.ReplaceAll(string(b.Scope), "-", " ")
		short, whole[0] = short+", for "+scope, whole[0]+", given for "+scope
	}
	if b.Article9 != "" {
		whole = append(whole, "For health and other special data: "+article9Words.of(string(b.Article9)))
	}
	if p := b.Paragraph18; p != nil {
		short += ", safeguarding"
		whole = append(whole, "Without consent, because "+groundWords.of(string(p.Ground))+": "+p.Necessity)
	}
	return short, whole
}

// informedWords says whether the family was told.
func informedWords(i *events.Informed) string {
	switch {
	case i == nil:
		return ""
	case i.Told:
		return "The family was told that this is shared."
	default:
		return "The family was not told: " + i.Why
	}
}

func fullName(n events.Name) string { return strings.TrimSpace(n.Given + " " + n.Family) }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// sentence ends with one full stop.
func sentence(s string) string { return strings.TrimSuffix(strings.TrimSpace(s), ".") + "." }

// purposes are what a reader can choose from. What each then shows is for the
// gate to say.
func purposes(chosen events.Purpose) []option {
	var os []option
	for _, p := range []events.Purpose{events.PurposeSection47, events.PurposeSection17, events.PurposeEarlyHelp, events.PurposeCarePlanning} {
		os = append(os, option{Value: string(p), Name: purposeWords.of(string(p)), On: p == chosen})
	}
	return os
}
