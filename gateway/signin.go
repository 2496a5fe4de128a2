package gateway

import (
	"log/slog"
	"net/http"
	"net/url"

	"kith/events"
	"kith/services/fault"
)

type signInPage struct {
	base
	Personas []User
	With     []issuerLine
	ByToken  bool
	Left     issuerLine // the provider whose own session goes on
	Next     string
	Token    field
	Errors   []fault.Place
}

// issuerLine is an identity provider that a person may choose.
type issuerLine struct{ Name, Path string }

func (g *Gateway) signInPage(w http.ResponseWriter, r *http.Request, c *caller) error {
	if c != nil {
		return redirect(w, r, "/")
	}
	p := g.newSignIn(within(r.FormValue("next")))
	p.Left.Path, p.Left.Name = g.SignIn.Leave(r.FormValue("left"))
	return g.page(w, http.StatusOK, "sign-in.html", p)
}

func (g *Gateway) newSignIn(next string) signInPage {
	p := signInPage{base: g.base(nil, "Sign in").wide(), Next: next,
		Token: field{Name: "token", Label: "Access token", Type: "password", Hint: "You can paste it."}}
	p.ByToken = g.ByToken
	for _, x := range g.SignIn.Choices() {
		p.With = append(p.With, issuerLine{x.Name, "/sign-in/" + x.ID + "?" + url.Values{"next": {next}}.Encode()})
	}
	for _, u := range g.Users {
		if g.Demo && u.Persona != "" {
			p.Personas = append(p.Personas, u)
		}
	}
	return p
}

func (g *Gateway) signIn(w http.ResponseWriter, r *http.Request, _ *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	u := g.byPersona(posted(r, "persona"))
	if u == nil && g.ByToken {
		u = g.byToken(posted(r, "token"))
	}
	if u == nil || g.barred(u) {
		g.Log.LogAttrs(r.Context(), slog.LevelWarn, "sign-in refused", slog.String("code", "unknown-token"))
		p := g.newSignIn(within(posted(r, "next")))
		p.Token.Error = "This access token is not known."
		if !g.ByToken {
			p.Token.Error = "Nobody signs in with an access token here. Sign in with your agency."
		}
		p.Errors = []fault.Place{{Pointer: "token", Detail: p.Token.Error}}
		return g.page(w, http.StatusUnauthorized, "sign-in.html", p)
	}
	g.came(r, u)
	g.sessions.begin(w, r, &session{user: u, since: g.Now()})
	return redirect(w, r, within(posted(r, "next")))
}

// byPersona finds a persona of the demonstration; elsewhere there are none.
func (g *Gateway) byPersona(name string) *User {
	for i := range g.Users {
		if g.Demo && name != "" && g.Users[i].Persona == name {
			return &g.Users[i]
		}
	}
	return nil
}

// signOut ends the session. The provider's own goes on, and whoever comes next to
// a machine that several use could sign in with it: the page after says so.
func (g *Gateway) signOut(w http.ResponseWriter, r *http.Request, c *caller) error {
	g.sessions.end(w, r)
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	if c != nil && c.session != nil && c.session.issuer != "" {
		return redirect(w, r, "/sign-in?left="+url.QueryEscape(c.session.issuer))
	}
	return redirect(w, r, "/sign-in")
}

// signOutEverywhere ends every session of this account, on every machine. The
// cookie of this one goes too.
func (g *Gateway) signOutEverywhere(w http.ResponseWriter, r *http.Request, c *caller) error {
	g.SignOut(func(x events.Reader) bool { return x.Actor == c.Reader.Actor })
	return g.signOut(w, r, c)
}

// alive keeps the session of somebody who is typing.
func (g *Gateway) alive(w http.ResponseWriter, _ *http.Request, _ *caller) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func redirect(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
