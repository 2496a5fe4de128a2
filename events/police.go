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

func (DomesticAbuseIncident) fact()  {}
func (MissingEpisode) fact()         {}
func (PublicProtectionNotice) fact() {}

func (DomesticAbuseIncident) police()  {}
func (MissingEpisode) police()         {}
func (PublicProtectionNotice) police() {}
