package events

import "strings"

// Person is somebody as one agency describes them.
type Person struct {
	LocalID     string      `json:"localId"` // the agency's own reference for the person
	Role        Role        `json:"role"`
	Name        Name        `json:"name,omitzero"`
	DateOfBirth Date        `json:"dateOfBirth,omitempty"`
	Sex         Sex         `json:"sex,omitempty"`
	Identifiers Identifiers `json:"identifiers,omitzero"`
	Address     *Address    `json:"address,omitempty"`
}

// Name is a person's name as the agency holds it.
type Name struct {
	Given  string `json:"given,omitempty"`
	Family string `json:"family,omitempty"`
}

// Role is what a person is to the fact that is reported.
type Role string

const (
	RoleChild              Role = "child"
	RoleParent             Role = "parent"
	RoleCarer              Role = "carer"
	RoleVictim             Role = "victim"
	RoleAllegedPerpetrator Role = "alleged-perpetrator"
	RoleHousehold          Role = "household-member"
	RoleOther              Role = "other"
)

// Sex is recorded as the census of children in need codes it, in words.
type Sex string

const (
	Female     Sex = "female"
	Male       Sex = "male"
	SexUnknown Sex = "unknown"
)

// Identifiers are numbers that several agencies share.
type Identifiers struct {
	NHSNumber *NHSNumber `json:"nhsNumber,omitempty"`
	UPN       string     `json:"upn,omitempty"` // unique pupil number; 13 characters with a check letter
}

// NHSNumber is ten digits with a check digit, and whether it was traced.
type NHSNumber struct {
	Value  string          `json:"value"`
	Status NHSNumberStatus `json:"status"`
}

// NHSNumberStatus: only a verified number may link two subjects by itself.
type NHSNumberStatus string

const (
	NHSVerified   NHSNumberStatus = "verified"
	NHSUnverified NHSNumberStatus = "unverified"
)

// Address is labelled apart from the rest of a person: where somebody lives can
// be the one thing that must not be passed on.
type Address struct {
	Lines    []string `json:"lines"`
	Postcode string   `json:"postcode,omitempty"`
	Label    Label    `json:"label"`
}

// ValidNHSNumber reports whether s is ten digits whose last is the check digit
// (weights 10 to 2, modulus 11; NHS Data Dictionary).
func ValidNHSNumber(s string) bool {
	if len(s) != 10 || !digits(s) {
		return false
	}
	sum := 0
	for i := range 9 {
		sum += int(s[i]-'0') * (10 - i)
	}
	check := (11 - sum%11) % 11
	return check != 10 && check == int(s[9]-'0')
}

const upnLetters = "ABCDEFGHJKLMNPQRTUVWXYZ" // no I, O or S

// ValidUPN reports whether s is a unique pupil number: a check letter and twelve
// digits, the last of which is a letter in a temporary number (weights 2 to 13,
// modulus 23; Department for Education).
func ValidUPN(s string) bool {
	if len(s) != 13 || !digits(s[1:12]) {
		return false
	}
	sum := 0
	for i := range 12 {
		v := int(s[i+1] - '0')
		if i == 11 && (s[12] < '0' || s[12] > '9') {
			if v = strings.IndexByte(upnLetters, s[12]); v < 0 {
				return false
			}
		}
		sum += v * (i + 2)
	}
	return s[0] == upnLetters[sum%23]
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
