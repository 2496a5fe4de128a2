package gateway

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"strconv"

	"kith/events"
	"kith/services/fault"
	"kith/services/signin"
)

// ticket is the cookie of a sign-in that was begun. It has to come along from the
// identity provider's site, as the session's own never does.
func (g *Gateway) ticket(value string, maxAge int) *http.Cookie {
	c := &http.Cookie{Name: "kith-ticket", Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: g.TLS, SameSite: http.SameSiteLaxMode}
	if g.TLS {
		c.Name = "__Host-kith-ticket"
	}
	return c
}

// signInWith sends a browser to an identity provider.
func (g *Gateway) signInWith(w http.ResponseWriter, r *http.Request, c *caller) error {
	want := signin.Want{Next: r.FormValue("next")}
	if len(want.Next) > 1000 { // a cookie has to hold it
		want.Next = "/"
	}
	if id, ok := g.sessions.markOf(r); ok {
		want.Session = hex.EncodeToString(id[:])
	}
	if r.FormValue("again") != "" {
		if c == nil || c.session == nil || c.session.issuer != r.PathValue("issuer") {
			return fault.New(fault.Unsigned, "Sign in first.")
		}
		want.Again = c.Reader
	}
	to, kept, err := g.SignIn.Begin(r.Context(), r.PathValue("issuer"), want)
	if err != nil {
		g.whyNot(r, err)
		return err
	}
	http.SetCookie(w, g.ticket(kept, 600))
	return redirect(w, r, to)
}

type onwardPage struct {
	base
	Next string
}

// signedInWith takes whoever comes back from an identity provider. The answer is a
// page that leads on: on a redirect the browser would still come from the
// provider's site, and keep the session's cookie to itself.
func (g *Gateway) signedInWith(w http.ResponseWriter, r *http.Request, _ *caller) error {
	kept, err := r.Cookie(g.ticket("", 0).Name)
	if err != nil {
		kept = g.ticket("", 0)
	}
	who, err := g.SignIn.Finish(r.Context(), r.PathValue("issuer"), kept.Value, r.URL.Query())
	if err == nil && len(who.Posts) > 1 {
		return g.askPost(w, r, who)
	}
	return g.letIn(w, r, who, err)
}

type postsPage struct {
	base
	Issuer string
	Posts  []string
}

// askPost asks somebody with several posts which it is today.
func (g *Gateway) askPost(w http.ResponseWriter, r *http.Request, who signin.Who) error {
	p := postsPage{base: g.base(nil, "Which role is it?"), Issuer: r.PathValue("issuer")}
	for _, x := range who.Posts {
		p.Posts = append(p.Posts, g.postName(x.Seat, x.Role, x.Agency))
	}
	kept, err := g.SignIn.Keep(p.Issuer, who)
	if err != nil {
		return err
	}
	http.SetCookie(w, g.ticket(kept, 120))
	return g.page(w, http.StatusOK, "choose-post.html", p)
}

// choosePost takes the answer.
func (g *Gateway) choosePost(w http.ResponseWriter, r *http.Request, _ *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	kept, err := r.Cookie(g.ticket("", 0).Name)
	if err != nil {
		kept = g.ticket("", 0)
	}
	n, err := strconv.Atoi(posted(r, "post"))
	if err != nil {
		n = -1
	}
	who, err := g.SignIn.Choose(r.PathValue("issuer"), kept.Value, n)
	return g.letIn(w, r, who, err)
}

func (g *Gateway) postName(seat string, role events.ReaderRole, a events.AgencyID) string {
	return cmp.Or(seat, roleWords.of(string(role))) + ", " + g.agencyName(a)
}

// letIn begins the session of somebody whom a provider vouched for.
func (g *Gateway) letIn(w http.ResponseWriter, r *http.Request, who signin.Who, err error) error {
	u := &User{Name: g.postName(who.Post, who.Reader.Role, who.Reader.Agency), Reader: who.Reader}
	if err == nil && g.barred(u) {
		err = fault.New(fault.Refused, "This account, or its agency, is not let in any more. Ask whoever manages the hub.")
	}
	if err != nil {
		http.SetCookie(w, g.ticket("", -1))
		g.whyNot(r, err)
		return err
	}
	g.came(r, u)
	g.replaced(who.Want.Session)
	g.sessions.begin(w, r, &session{user: u, since: who.Since, issuer: r.PathValue("issuer"), theirs: who.Session})
	http.SetCookie(w, g.ticket("", -1))
	next := within(who.Want.Next)
	w.Header().Set("Refresh", "0; url="+next)
	return g.page(w, http.StatusOK, "signed-in.html", onwardPage{g.base(nil, "You are signed in"), next})
}

// replaced ends the session that the browser had when the sign-in began. Its
// cookie does not come along on the way back.
func (g *Gateway) replaced(id string) {
	b, err := hex.DecodeString(id)
	if err != nil || len(b) != sha256.Size {
		return
	}
	g.sessions.stop(func(x *session, _ *User) bool { return x != nil && x.id == idHash(b) })
}

// came writes down that somebody of an agency signed in, in which role; never who.
func (g *Gateway) came(r *http.Request, u *User) {
	g.Log.LogAttrs(r.Context(), slog.LevelInfo, "signed in", slog.String("agency", string(u.Reader.Agency)), slog.String("role", string(u.Reader.Role)))
}

// whyNot writes down why somebody was not let in: a word of a list, never who.
func (g *Gateway) whyNot(r *http.Request, err error) {
	why := signin.ReasonOf(err)
	if why == "" {
		why = "silent"
	}
	g.Log.LogAttrs(r.Context(), slog.LevelWarn, "sign-in refused", slog.String("code", string(why)))
}

// signedOutBy ends sessions for an identity provider: OpenID Connect Back-Channel
// Logout 1.0.
func (g *Gateway) signedOutBy(w http.ResponseWriter, r *http.Request, _ *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	issuer := r.PathValue("issuer")
	gone, err := g.SignIn.Ended(r.Context(), issuer, r.PostForm.Get("logout_token"))
	if err != nil {
		g.whyNot(r, err)
		return err
	}
	g.sessions.stop(func(x *session, _ *User) bool {
		return x != nil && x.issuer == issuer && (gone.Actor == "" || x.user.Reader.Actor == gone.Actor) &&
			(gone.Session == "" || x.theirs == gone.Session)
	})
	w.WriteHeader(http.StatusOK)
	return nil
}
