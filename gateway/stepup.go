package gateway

import (
	"errors"
	"net/http"
	"net/url"

	"kith/services/fault"
	"kith/services/signin"
)

// notFresh is the problem of somebody who showed too long ago who they are.
const notFresh fault.Kind = "not-fresh"

// stepUp guards what must not be done from a browser that somebody left open, or
// with a cookie that somebody took: the caller must have shown within five
// minutes who they are. It stands in the list of routes, around the handler.
func (g *Gateway) stepUp(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request, c *caller) error {
		if g.Now().Sub(c.since) >= signin.Fresh {
			return fault.New(notFresh, "Nothing was done: confirm first that it is you.")
		}
		return next(w, r, c)
	}
}

func isStale(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Kind == notFresh
}

// challenge says what a program has to do: RFC 6750, and RFC 9470 where it has to
// show anew who it is.
func challenge(err error) string {
	if isStale(err) {
		return `Bearer realm="kith", error="insufficient_user_authentication", error_description="a fresh token is needed", max_age="300"`
	}
	return `Bearer realm="kith"`
}

type againPage struct {
	base
	With    string // where the person's identity provider asks anew
	Issuer  string // its name
	Persona string
	Next    string
	Token   field
	Errors  []fault.Place
}

// againPage asks somebody who is signed in to show anew who they are, in the way
// in which they signed in.
func (g *Gateway) againPage(w http.ResponseWriter, r *http.Request, c *caller) error {
	p, err := g.newAgain(c, within(r.FormValue("next")))
	if err != nil {
		return err
	}
	return g.page(w, http.StatusOK, "sign-in-again.html", p)
}

func (g *Gateway) newAgain(c *caller, next string) (againPage, error) {
	if c.session == nil {
		return againPage{}, fault.New(fault.Refused, "A request with an access token shows each time who it is from.")
	}
	p := againPage{base: g.base(c, "Confirm that it is you"), Next: next,
		Token: field{Name: "token", Label: "Access token", Type: "password", Hint: "The one with which you signed in. You can paste it."}}
	switch {
	case c.session.issuer != "":
		p.With = "/sign-in/" + c.session.issuer + "?" + url.Values{"again": {"yes"}, "next": {next}}.Encode()
		for _, x := range g.SignIn.Choices() {
			if x.ID == c.session.issuer {
				p.Issuer = x.Name
			}
		}
	case g.Demo:
		p.Persona = c.Persona
	}
	return p, nil
}

// again takes the token of whoever is signed in once more. Nobody else's will do.
func (g *Gateway) again(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	next := within(posted(r, "next"))
	p, err := g.newAgain(c, next)
	if err != nil {
		return err
	}
	u := g.byPersona(posted(r, "persona"))
	if u == nil {
		u = g.byToken(posted(r, "token"))
	}
	if p.With != "" || u == nil || u.Reader != c.Reader {
		p.Token.Error = "This is not the access token with which you signed in."
		p.Errors = []fault.Place{{Pointer: "token", Detail: p.Token.Error}}
		return g.page(w, http.StatusUnauthorized, "sign-in-again.html", p)
	}
	g.sessions.begin(w, r, &session{user: u, since: g.Now()})
	return redirect(w, r, next)
}
