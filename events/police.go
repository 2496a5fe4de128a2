package events

import "time"

// Police is a fact that a police service may state.
//
//sumtype:decl
type Police interface {
	Fact
	police()
}

// DomesticAbuseIncident: police attended a domestic abuse incident and a child
// is related to someone involved (the content of an Operation Encompass notice).
type DomesticAbuseIncident struct {
	PoliceReference string   `json:"policeReference"`
	Place           string   `json:"place"`    // where, in words; a home address belongs in the person
	Presence        Presence `json:"presence"` // of the child
	Circumstances   string   `json:"circumstances"`
}

// Presence is where a child was when it happened.
type Presence string

const (
	PresenceSaw        Presence = "saw"
	PresenceHeard      Presence = "heard"
	PresenceInTheHome  Presence = "in-the-home"
	PresenceNotPresent Presence = "not-present"
	PresenceUnknown    Presence = "unknown"
)

// MissingEpisode: a child was reported missing. FoundAt is absent while missing.
type MissingEpisode struct {
	PoliceReference string     `json:"policeReference"`
	MissingSince    time.Time  `json:"missingSince"`
	FoundAt         *time.Time `json:"foundAt,omitempty"`
	MissingFrom     string     `json:"missingFrom"`
	Circumstances   string     `json:"circumstances"`
}

// PublicProtectionNotice: an officer was concerned for a child and graded it.
type PublicProtectionNotice struct {
	PoliceReference string `json:"policeReference"`
	Grade           Grade  `json:"grade"`
	Circumstances   string `json:"circumstances"`
}

// OnlineReport: somebody reported something to the police online, on a form of
// Single Online Home, and a child is involved. It is what the public wrote, before
// anybody looked into it. Who wrote it stays with the police.
type OnlineReport struct {
	PoliceReference string         `json:"policeReference"`
	Reported        string         `json:"reported"` // in the words of whoever reported it
	By              Reporter       `json:"by"`
	StillHappening  bool           `json:"stillHappening"`
	HighHarm        bool           `json:"highHarm"`              // the form flagged that somebody in it is vulnerable to harm
	Place           string         `json:"place,omitempty"`       // where, in words; a home address belongs in the person
	ChildAges       []AgeRange     `json:"childAges,omitempty"`   // of children whose date of birth is not known
	Attachments     []HeldDocument `json:"attachments,omitempty"` // stay with the police
}

// Reporter is how whoever reported something has to do with it.
type Reporter string

const (
	ReporterVictim   Reporter = "victim"
	ReporterWitness  Reporter = "witness"
	ReporterOnBehalf Reporter = "on-behalf-of-victim"
	ReporterBusiness Reporter = "business"
	ReporterUnknown  Reporter = "unknown"
)

// AgeRange is an age in years as somebody guessed it.
type AgeRange struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// HeldDocument is a claim check: a document that its holder keeps, how to ask for
// it, and how to tell that it is the one.
type HeldDocument struct {
	Reference string `json:"reference"`
	MediaType string `json:"mediaType"`
	Size      int64  `json:"size"`   // bytes
	Digest    string `json:"digest"` // "sha256:" and 64 hexadecimal digits
}

// Grade is the officer's grading of a public protection notice.
type Grade string

const (
	Red   Grade = "red"
	Amber Grade = "amber"
	Green Grade = "green"
)

func (DomesticAbuseIncident) Type() Type  { return "uk.kith.police.domestic-abuse-incident.v1" }
func (MissingEpisode) Type() Type         { return "uk.kith.police.missing-episode.v1" }
func (PublicProtectionNotice) Type() Type { return "uk.kith.police.public-protection-notice.v1" }
func (OnlineReport) Type() Type           { return "uk.kith.police.online-report.v1" }

func (DomesticAbuseIncident) fact()  {}
func (MissingEpisode) fact()         {}
func (PublicProtectionNotice) fact() {}
func (OnlineReport) fact()           {}

func (DomesticAbuseIncident) police()  {}
func (MissingEpisode) police()         {}
func (PublicProtectionNotice) police() {}
func (OnlineReport) police()           {}
