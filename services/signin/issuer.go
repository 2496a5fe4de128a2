// Package signin lets people in by the identity provider of their agency, and
// machines by the tokens that it gives them: OpenID Connect Core 1.0, the code
// flow with PKCE (RFC 7636), as RFC 9700 advises.
//
// What a provider claims about somebody is personal data. It is read, mapped to
// an agency, a role and a pseudonym, and forgotten; nothing of it is logged.
package signin

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"

	"kith/events"
)

// Issuer is an identity provider that vouches for people, as the hub's
// configuration has it.
type Issuer struct {
	ID         string   `json:"id"`         // in addresses of the hub: a-z, 0-9 and hyphens; needed
	Name       string   `json:"name"`       // on its button; needed
	Preset     string   `json:"preset"`     // entra, cis2 or dfe-sign-in fill in scopes and claims; none
	Issuer     string   `json:"issuer"`     // its issuer identifier, https or on this machine; needed
	ClientID   string   `json:"clientId"`   // what it calls the hub; needed
	SecretFile string   `json:"secretFile"` // file of the client secret, read at each sign-in; none: PKCE alone
	CAFile     string   `json:"caFile"`     // certificates that vouch for it; those of this machine
	Scopes     []string `json:"scopes"`     // beside openid; the preset's
	UserInfo   bool     `json:"userInfo"`   // the claims are at its UserInfo endpoint too; the preset's
	Algorithms []string `json:"algorithms"` // with which it may sign; RS256, PS256, ES256 and EdDSA
	Claims     Claims   `json:"claims"`     // where its claims stand; the preset's

	Agency   events.AgencyID              `json:"agency"`   // of everybody whom it vouches for; or
	Agencies map[string]events.AgencyID   `json:"agencies"` // by what the claim says
	Role     events.ReaderRole            `json:"role"`     // of everybody; or
	Roles    map[string]events.ReaderRole `json:"roles"`    // by what the claim says
	Seats    map[string]string            `json:"seats"`    // the words for a post, by what the claim says; those of the role

	ACR []string `json:"acr"` // which of these shows that somebody was asked anew and strongly; any
	AMR []string `json:"amr"` // which of these methods must have been used for that; any
}

// Claims says where in a provider's claims to look: the name of a claim, or a
// JSON pointer, which goes through lists by itself.
type Claims struct {
	Each     string `json:"each"` // a list of posts; the others are then looked for in each of them
	Agency   string `json:"agency"`
	Role     string `json:"role"`
	Seat     string `json:"seat"`
	Chosen   string `json:"chosen"`   // a claim that says which post somebody chose
	ChosenIs string `json:"chosenIs"` // by this, within the post
}

// presets are what the providers' own documentation says. None was tried against
// the real provider.
func presets() map[string]Issuer {
	return map[string]Issuer{
		// App roles of an application in one tenant. auth_time is an optional claim.
		"entra": {Claims: Claims{Agency: "tid", Role: "roles"}},
		// National RBAC: the post that somebody chose, at the UserInfo endpoint.
		"cis2": {Scopes: []string{"nationalrbacaccess", "selectedrole"}, UserInfo: true,
			Claims: Claims{Each: "/nhsid_nrbac_roles", Agency: "org_code", Role: "role_code", Seat: "role_code",
				Chosen: "selected_roleid", ChosenIs: "person_roleid"}},
		// The school that somebody chose. Roles are not among the claims: give role.
		"dfe-sign-in": {Scopes: []string{"organisation"}, Claims: Claims{Agency: "/organisation/urn"}},
	}
}

// withPreset fills in what is left out.
func (i Issuer) withPreset() Issuer {
	p := presets()[i.Preset]
	if len(i.Scopes) == 0 {
		i.Scopes = p.Scopes
	}
	i.UserInfo = i.UserInfo || p.UserInfo
	if i.Claims == (Claims{}) {
		i.Claims = p.Claims
	}
	if len(i.Algorithms) == 0 {
		i.Algorithms = []string{"RS256", "PS256", "ES256", "EdDSA"}
	}
	return i
}

// Check says what is wrong with an issuer, each with the field.
func (i Issuer) Check(known func(events.AgencyID) bool, role func(events.ReaderRole) bool) error {
	var wrong []error
	that := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	_, preset := presets()[i.Preset]
	that(plainID(i.ID) && i.ID != "again", "id must be a-z, 0-9 and hyphens, and not again")
	that(i.Name != "", "name is needed")
	that(i.Preset == "" || preset, "preset must be entra, cis2 or dfe-sign-in")
	that(safe(i.Issuer), "issuer must begin with https://, or with http:// and a loopback address")
	that(i.ClientID != "", "clientId is needed")
	full := i.withPreset()
	that((i.Agency != "") != (len(i.Agencies) > 0), "either agency or agencies is needed")
	that(i.Agency != "" || full.Claims.Agency != "", "claims.agency is needed with agencies")
	that(i.Agency == "" || known(i.Agency), "agency must be one of the agencies")
	for claim, a := range i.Agencies {
		that(known(a), "agencies: %q must lead to one of the agencies", claim)
	}
	that((i.Role != "") != (len(i.Roles) > 0), "either role or roles is needed")
	that(i.Role != "" || full.Claims.Role != "", "claims.role is needed with roles")
	that(i.Role == "" || role(i.Role), "role must be dsl, social-worker, chair, practitioner or governance")
	for claim, r := range i.Roles {
		that(role(r), "roles: %q must lead to dsl, social-worker, chair, practitioner or governance", claim)
	}
	that((full.Claims.Chosen == "") == (full.Claims.ChosenIs == ""), "claims.chosen and claims.chosenIs go together")
	for _, a := range full.Algorithms {
		that(slices.Contains(algorithms(), a), "algorithms: %s must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 and EdDSA", a)
	}
	return errors.Join(wrong...)
}

// algorithms are the signatures that only the holder of a private key can make.
func algorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}

func plainID(id string) bool {
	for _, c := range id {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return id != ""
}

// safe addresses go over a network sealed, or over none.
func safe(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}
