// Package policy decides who may see what, and says why. It is pure: text in,
// decisions out. Local policy is Cedar text, which an information governance
// lead can read and change; what no policy may loosen is in invariants.go.
package policy

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"

	"kith/events"
)

//go:embed policies.cedar
var text []byte

// ErrPolicies reports a policy text that cannot be relied on.
var ErrPolicies = errors.New("policies refused")

// Set is a set of policies, checked and ready to decide. It never changes.
type Set struct {
	rules map[Act]rules
	list  []Policy
	hash  string
	text  []byte
}

// Policy is one policy as people read it.
type Policy struct {
	ID      string `json:"policy"`
	Permits bool   `json:"permits"`
	Review  bool   `json:"review,omitempty"` // it leaves what it forbids to a person
	Basis   string `json:"basis"`
	Because string `json:"because"`
	Text    string `json:"text"`
}

type rule struct {
	Policy
	compiled *cedar.Policy
}

// Default is the set that comes with the hub.
func Default() (*Set, error) { return Load(text) }

// Load reads Cedar text. It refuses policies without @id, @basis and @because,
// with an id that is taken, about an act that does not exist, or that ask for what
// no request has: those would refuse everything, or never speak.
func Load(text []byte) (*Set, error) {
	parsed, err := cedar.NewPolicyListFromBytes("policies.cedar", text)
	if err != nil {
		return nil, fmt.Errorf("%w: it is not Cedar: %s", ErrPolicies, placed(err.Error()))
	}
	s := &Set{rules: map[Act]rules{}}
	for _, p := range parsed {
		if err := s.add(p); err != nil {
			return nil, err
		}
	}
	s.hash, s.text = s.digest(), bytes.Clone(text)
	return s, nil
}

// placed is what Cedar's parser says, with the line first: it says "parse error at
// <input>:2:9".
func placed(said string) string {
	_, where, ok := strings.Cut(said, "<input>:")
	line, rest, ok2 := strings.Cut(where, ":")
	if !ok || !ok2 {
		return said
	}
	return "line " + line + ", column " + rest
}

func (s *Set) add(p *cedar.Policy) error {
	as := p.Annotations()
	r := rule{compiled: p, Policy: Policy{
		ID: string(as["id"]), Basis: string(as["basis"]), Because: string(as["because"]),
		Permits: p.Effect() == cedar.Permit, Review: as["outcome"] == "review", Text: string(p.MarshalCedar()),
	}}
	if o, given := as["outcome"]; given && (o != "review" || r.Permits) {
		return fmt.Errorf("%w: line %d: @outcome is \"review\", of a forbid, or left out", ErrPolicies, p.Position().Line)
	}
	for name, value := range map[string]string{"id": r.ID, "basis": r.Basis, "because": r.Because} {
		if strings.TrimSpace(value) == "" {
			return fmt.Errorf("%w: line %d: the policy has no @%s; say in it what people will read", ErrPolicies, p.Position().Line, name)
		}
	}
	if slices.ContainsFunc(s.list, func(q Policy) bool { return q.ID == r.ID }) {
		return fmt.Errorf("%w: line %d: another policy is called %q; give each an @id of its own", ErrPolicies, p.Position().Line, r.ID)
	}
	about, err := actsOf(p)
	if err == nil {
		err = understood(p)
	}
	if err != nil {
		return fmt.Errorf("%w: line %d: %s: %w", ErrPolicies, p.Position().Line, r.ID, err)
	}
	for _, a := range about {
		s.rules[a] = append(s.rules[a], r)
		slices.SortStableFunc(s.rules[a], byJudge)
	}
	s.list = append(s.list, r.Policy)
	return nil
}

// byJudge puts what a person judges last.
func byJudge(a, b rule) int {
	switch {
	case a.Review == b.Review:
		return 0
	case b.Review:
		return -1
	}
	return 1
}

// Policies lists what is in force, in the order of the text.
func (s *Set) Policies() []Policy { return slices.Clone(s.list) }

// Text is what the set was loaded from.
func (s *Set) Text() []byte { return bytes.Clone(s.text) }

// Invariants names the version of what no policy may loosen in this program; it is
// part of the hash of every set.
func Invariants() string { return invariantsVersion }

// Hash names this set and the invariants for ever: the same decisions follow
// from the same hash. Comments and layout do not change it.
func (s *Set) Hash() string { return s.hash }

func (s *Set) digest() string {
	var b bytes.Buffer
	b.WriteString(invariantsVersion)
	for _, p := range slices.SortedFunc(slices.Values(s.list), func(p, q Policy) int { return strings.Compare(p.ID, q.ID) }) {
		b.WriteString("\n")
		b.WriteString(p.Text)
	}
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:])
}

func (p Policy) grounds() events.Grounds { return events.Grounds{Policy: p.ID, Basis: p.Basis} }
