package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"

	"kith/events"
)

// words are what a policy may ask for, by variable, and for those that are one of a
// list, the list. An empty list is true or false.
func words() map[string]map[string][]string {
	none := []string(nil)
	kinds := texts(events.KindPolice, events.KindHealth, events.KindEducation, events.KindSocialCare)
	return map[string]map[string][]string{
		"principal": {"kind": kinds, "authority": none,
			"role": texts(events.RoleDSL, events.RolePractitioner, events.RoleSocialWorker, events.RoleChair, events.RoleGovernance)},
		"context": {"holds": none, "concern": none, "tookPart": none, "attending": none, "invited": none, "copying": none,
			"purpose": texts(events.PurposeSection47, events.PurposeSection17, events.PurposeEarlyHelp, events.PurposeCarePlanning, events.PurposeAudit, events.PurposeSubjectAccess, "")},
		"resource": {"own": none, "guarded": none, "paragraph18": none, "takesPart": none, "invited": none, "named": none, "thirdParty": none, "objected": none, "kind": kinds,
			"label":     texts(events.Involvement, events.Core, events.Sensitive, events.Restricted),
			"basis":     texts(events.ByConsent, events.LegalObligation, events.VitalInterests, events.PublicTask, events.RecognisedLegitimateInterest, events.LegitimateInterests),
			"condition": texts(events.ExplicitConsent, events.VitalInterests9, events.SubstantialPublicInterest, events.HealthOrSocialCare, ""),
			"scope":     texts(events.EarlyHelp, ""),
			"consent":   texts(NotRelied, InForce, Withdrawn, Expired, WithOthers, NotGiven)},
	}
}

// Values are those that an attribute of a request may have, for example
// "principal", "role"; nil where it is true or false, or there is no such.
func Values(of, attribute string) []string { return words()[of][attribute] }

func texts[T ~string](vs ...T) []string {
	ss := make([]string, len(vs))
	for i, v := range vs {
		ss[i] = string(v)
	}
	return ss
}

func listed[T ~string](vs []T) string { return strings.Join(texts(vs...), ", ") }

// understood reports what a policy asks for that no request has, or compares with
// a value that it never has: a misspelt role would never be met, and nobody would
// notice.
func understood(p *cedar.Policy) error {
	b, err := p.MarshalJSON()
	if err != nil {
		return errors.New("cannot be read back")
	}
	var tree any
	if err := json.Unmarshal(b, &tree); err != nil {
		return errors.New("cannot be read back")
	}
	return asks(words(), tree)
}

// asks walks an expression in Cedar's JSON.
func asks(known map[string]map[string][]string, node any) error {
	switch n := node.(type) {
	case []any:
		for _, e := range n {
			if err := asks(known, e); err != nil {
				return err
			}
		}
	case map[string]any:
		if err := attributed(known, n); err != nil {
			return err
		}
		for _, operator := range []string{"==", "!=", "contains", "containsAny", "containsAll"} {
			if err := compared(known, n[operator]); err != nil {
				return err
			}
		}
		for _, k := range slices.Sorted(maps.Keys(n)) {
			if err := asks(known, n[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

// attributed: the node asks for an attribute that there is.
func attributed(known map[string]map[string][]string, n map[string]any) error {
	of, name, ok := attribute(n)
	if !ok {
		return nil
	}
	if _, there := known[of][name]; !there {
		return fmt.Errorf("%s.%s is not known; %s has %s", of, name, of, strings.Join(slices.Sorted(maps.Keys(known[of])), ", "))
	}
	return nil
}

// attribute is what a node of the form principal.role or principal has role names.
func attribute(n map[string]any) (of, name string, ok bool) {
	at, ok := n["."].(map[string]any)
	if !ok {
		if at, ok = n["has"].(map[string]any); !ok {
			return "", "", false
		}
	}
	left, _ := at["left"].(map[string]any)
	of, isVar := left["Var"].(string)
	name, isText := at["attr"].(string)
	return of, name, isVar && isText
}

// compared: where one side is an attribute with a list, the other holds nothing
// but values of that list.
func compared(known map[string]map[string][]string, operation any) error {
	o, _ := operation.(map[string]any)
	for _, sides := range [][2]any{{o["left"], o["right"]}, {o["right"], o["left"]}} {
		n, _ := sides[0].(map[string]any)
		of, name, ok := attribute(n)
		may := known[of][name]
		if !ok || len(may) == 0 {
			continue
		}
		for _, v := range literals(sides[1]) {
			if !slices.Contains(may, v) {
				return fmt.Errorf("%s.%s is never %q; it is one of: %s", of, name, v, strings.TrimSuffix(strings.Join(may, ", "), ", "))
			}
		}
	}
	return nil
}

// literals are the texts of a value or of a set of them.
func literals(node any) (ss []string) {
	n, _ := node.(map[string]any)
	if s, ok := n["Value"].(string); ok {
		return []string{s}
	}
	set, _ := n["Set"].([]any)
	for _, e := range set {
		ss = append(ss, literals(e)...)
	}
	return ss
}
