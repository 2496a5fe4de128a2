package signin

import (
	"slices"
	"strconv"
	"strings"

	"kith/events"
)

// claims are what a provider says of somebody.
type claims map[string]any

// posts are all that somebody's claims lead to, each once. Agency and role are
// read from the same entry of a list of posts: somebody who is a nurse in one
// hospital and a clerk in another is not a nurse in both.
func (i Issuer) posts(c claims) (ps []Post) {
	for _, entry := range i.entries(c) {
		for _, a := range i.agenciesIn(entry) {
			for _, r := range i.rolesIn(entry) {
				p := Post{a, r, i.seatIn(entry)}
				if !slices.ContainsFunc(ps, func(o Post) bool { return o.Agency == a && o.Role == r }) {
					ps = append(ps, p)
				}
			}
		}
	}
	return ps
}

// entries are the objects in which to look: the claims, or each post, or the one
// that was chosen.
func (i Issuer) entries(c claims) []claims {
	if i.Claims.Each == "" {
		return []claims{c}
	}
	chosen := values(c, i.Claims.Chosen)
	var es []claims
	for _, v := range find(map[string]any(c), steps(i.Claims.Each)) {
		e, ok := v.(map[string]any)
		if !ok || i.Claims.Chosen != "" && !overlap(values(e, i.Claims.ChosenIs), chosen) {
			continue
		}
		es = append(es, e)
	}
	return es
}

func (i Issuer) agenciesIn(c claims) (as []events.AgencyID) {
	if i.Agency != "" {
		return []events.AgencyID{i.Agency}
	}
	for _, v := range values(c, i.Claims.Agency) {
		if a, ok := i.Agencies[v]; ok {
			as = append(as, a)
		}
	}
	return as
}

func (i Issuer) rolesIn(c claims) (rs []events.ReaderRole) {
	if i.Role != "" {
		return []events.ReaderRole{i.Role}
	}
	for _, v := range values(c, i.Claims.Role) {
		if r, ok := i.Roles[v]; ok {
			rs = append(rs, r)
		}
	}
	return rs
}

// seatIn returns the words for a post. They are the configuration's, never the
// provider's own, which may name somebody.
func (i Issuer) seatIn(c claims) string {
	for _, v := range values(c, i.Claims.Seat) {
		if words, ok := i.Seats[v]; ok {
			return words
		}
	}
	return ""
}

// values are the texts and numbers at a claim.
func values(c claims, claim string) (vs []string) {
	if claim == "" {
		return nil
	}
	for _, v := range find(map[string]any(c), steps(claim)) {
		switch v := v.(type) {
		case string:
			vs = append(vs, v)
		case float64:
			vs = append(vs, strconv.FormatFloat(v, 'f', -1, 64))
		}
	}
	return vs
}

// steps of a JSON pointer, or the one of a name.
func steps(claim string) []string {
	if !strings.HasPrefix(claim, "/") {
		return []string{claim}
	}
	parts := strings.Split(claim[1:], "/")
	for n, p := range parts {
		parts[n] = strings.NewReplacer("~1", "/", "~0", "~").Replace(p)
	}
	return parts
}

// find goes down, through lists as well.
func find(v any, steps []string) (found []any) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			found = append(found, find(x, steps)...)
		}
		return found
	case map[string]any:
		if len(steps) > 0 {
			return find(v[steps[0]], steps[1:])
		}
	}
	if len(steps) == 0 && v != nil {
		return []any{v}
	}
	return nil
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
}
