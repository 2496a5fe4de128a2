package signin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"kith/events"
	"kith/services/fault"
	"kith/services/signin"
)

// Each of these is a sign-in in which one thing is wrong. None gets in, all but
// those whom a provider does not know get the very same words, and no word of any
// claim is in an error.
func TestAttacks(t *testing.T) {
	forger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	change := func(name string, value any) func(*issuer) {
		return func(i *issuer) {
			i.token = func(asked url.Values) string {
				c := i.claims(asked)
				if c[name] = value; value == nil {
					delete(c, name)
				}
				return i.sign(c)
			}
		}
	}
	token := func(f func(*issuer, map[string]any) string) func(*issuer) {
		return func(i *issuer) { i.token = func(asked url.Values) string { return f(i, i.claims(asked)) } }
	}
	for name, tc := range map[string]struct {
		issuer func(*issuer)
		back   func(url.Values)
		want   signin.Why
	}{
		"token of another audience":     {issuer: change("aud", "another-service"), want: signin.BadToken},
		"token for several parties":     {issuer: change("aud", []string{"kith", "another-service"}), want: signin.OtherParty},
		"authorised party is another":   {issuer: change("azp", "another-service"), want: signin.OtherParty},
		"token of another issuer":       {issuer: change("iss", "https://evil.example"), want: signin.BadToken},
		"expired":                       {issuer: change("exp", now.Add(-time.Second).Unix()), want: signin.Expired},
		"not valid yet":                 {issuer: change("nbf", now.Add(time.Hour).Unix()), want: signin.BadToken},
		"nonce of another sign-in":      {issuer: change("nonce", "another"), want: signin.OtherNonce},
		"no nonce":                      {issuer: change("nonce", nil), want: signin.OtherNonce},
		"no subject":                    {issuer: change("sub", nil), want: signin.BadToken},
		"no token":                      {issuer: token(func(*issuer, map[string]any) string { return "" }), want: signin.BadToken},
		"alg none":                      {issuer: token(func(_ *issuer, c map[string]any) string { return unsigned(c) }), want: signin.BadToken},
		"signed by somebody else":       {issuer: token(func(_ *issuer, c map[string]any) string { return signed(jose.RS256, forger, "k1", c) }), want: signin.BadToken},
		"public key taken for a secret": {issuer: token(func(i *issuer, c map[string]any) string { return signed(jose.HS256, modulus(i), "k1", c) }), want: signin.BadToken},
		"algorithm that is not allowed": {issuer: token(func(i *issuer, c map[string]any) string { return signed(jose.RS512, i.key, "k1", c) }), want: signin.BadToken},
		"claims changed after signing":  {issuer: token(func(i *issuer, c map[string]any) string { return altered(i.sign(c)) }), want: signin.BadToken},
		"state of another sign-in":      {back: func(q url.Values) { q.Set("state", "another") }, want: signin.OtherState},
		"no state":                      {back: func(q url.Values) { q.Del("state") }, want: signin.OtherState},
		"code of nobody":                {back: func(q url.Values) { q.Set("code", "guess") }, want: signin.NoToken},
		"answer of another issuer":      {back: func(q url.Values) { q.Set("iss", "https://evil.example") }, want: signin.OtherIssuer},
		"answer that names no issuer": {issuer: func(i *issuer) { i.says["authorization_response_iss_parameter_supported"] = true },
			back: func(url.Values) {}, want: signin.OtherIssuer},
		"refused there":             {back: func(q url.Values) { q.Set("error", "access_denied"); q.Set("error_description", "CANARY") }, want: signin.NotThere},
		"no code":                   {back: func(q url.Values) { q.Del("code") }, want: signin.NotThere},
		"agency that is not mapped": {issuer: change("agency", "CANARY"), want: signin.NoPost},
		"role that is not mapped":   {issuer: change("role", "CANARY"), want: signin.NoPost},
		"no role":                   {issuer: change("role", nil), want: signin.NoPost},
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			if tc.issuer != nil {
				tc.issuer(i)
			}
			s := with(t, i.conf(t, "nhs"))
			to, kept, err := s.Begin(t.Context(), "nhs", signin.Want{})
			if err != nil {
				t.Fatal(err)
			}
			q := i.allow(t, to)
			if tc.back != nil {
				tc.back(q)
			}
			who, err := s.Finish(t.Context(), "nhs", kept, q)
			refusedFor(t, who, err, tc.want)
		})
	}
}

func refusedFor(t *testing.T, who signin.Who, err error, want signin.Why) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Refused || signin.ReasonOf(err) != want || who.Reader.Actor != "" {
		t.Fatalf("got in as %+v, or for another reason: %v %q, want %q", who, err, signin.ReasonOf(err), want)
	}
	known := want == signin.NoPost || want == signin.NotFresh
	if !known && f.Text != "The sign-in was not completed. Start again from the sign-in page." {
		t.Errorf("says %q", f.Text)
	}
	if strings.Contains(err.Error()+errors.Unwrap(err).Error(), "CANARY") {
		t.Errorf("an error gives a claim away: %v", err)
	}
}

func unsigned(c map[string]any) string {
	text, _ := json.Marshal(c)
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(text) + "."
}

func modulus(i *issuer) []byte { return i.key.N.Bytes() }

// altered puts another role into a signed token.
func altered(token string) string {
	parts := strings.Split(token, ".")
	text, _ := base64.RawURLEncoding.DecodeString(parts[1])
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(text), "R8000", "R8001", 1)))
	return strings.Join(parts, ".")
}

// A browser that did not begin a sign-in cannot finish it: not with what it made
// up, not with its own ticket and another's state, not with another provider's.
func TestTickets(t *testing.T) {
	one, two := newIssuer(t), newIssuer(t)
	s := with(t, one.conf(t, "one"), two.conf(t, "two"))
	to, kept, err := s.Begin(t.Context(), "one", signin.Want{})
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := s.Begin(t.Context(), "one", signin.Want{})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		issuer, kept string
		q            url.Values
		want         signin.Why
	}{
		"no ticket":             {"one", "", one.allow(t, to), signin.NotBegun},
		"a made-up ticket":      {"one", "e30", one.allow(t, to), signin.NotBegun},
		"another's sign-in":     {"one", kept, one.allow(t, other), signin.OtherState},
		"at another provider's": {"two", kept, one.allow(t, to), signin.OtherIssuer},
	} {
		who, err := s.Finish(t.Context(), tc.issuer, tc.kept, tc.q)
		t.Run(name, func(t *testing.T) { refusedFor(t, who, err, tc.want) })
	}
	if one.used+two.used != 0 {
		t.Error("a code was handed to a provider for a sign-in that was not begun here")
	}
	elsewhere := with(t, one.conf(t, "one"))
	who, err := elsewhere.Finish(t.Context(), "one", kept, one.allow(t, to))
	refusedFor(t, who, err, signin.NotBegun) // a ticket of another process
}

// Whoever has all of a sign-in that was completed cannot complete it again, even
// where the provider takes its codes twice.
func TestReplay(t *testing.T) {
	i := newIssuer(t)
	s := with(t, i.conf(t, "nhs"))
	to, kept, err := s.Begin(t.Context(), "nhs", signin.Want{})
	if err != nil {
		t.Fatal(err)
	}
	q := i.allow(t, to)
	if _, err := s.Finish(t.Context(), "nhs", kept, maps.Clone(q)); err != nil {
		t.Fatal(err)
	}
	who, err := s.Finish(t.Context(), "nhs", kept, q)
	refusedFor(t, who, err, signin.Replayed)
}

// A fresh sign-in counts if the very same person was asked within five minutes,
// strongly enough, and the provider says so.
func TestStepUp(t *testing.T) {
	i := newIssuer(t)
	conf := i.conf(t, "nhs")
	conf.ACR, conf.AMR = []string{"AAL3"}, []string{"hwk", "face"}
	s := with(t, conf)
	strong := map[string]any{"acr": "AAL3", "amr": []string{"pwd", "hwk"}}
	first, err := signInAs(t, i, s, strong, "")
	if err != nil || !first.Since.Equal(now) {
		t.Fatal(first, err)
	}
	me := string(first.Reader.Actor)
	for name, tc := range map[string]struct {
		claims map[string]any
		again  string
		want   signin.Why
	}{
		"as it should be":       {strong, me, ""},
		"a minute ago":          {map[string]any{"acr": "AAL3", "amr": []string{"face"}, "auth_time": now.Add(-time.Minute).Unix()}, me, ""},
		"clock is ahead":        {map[string]any{"acr": "AAL3", "amr": []string{"face"}, "auth_time": now.Add(30 * time.Second).Unix()}, me, ""},
		"five minutes ago":      {map[string]any{"acr": "AAL3", "amr": []string{"hwk"}, "auth_time": now.Add(-5 * time.Minute).Unix()}, me, signin.NotFresh},
		"in the future":         {map[string]any{"acr": "AAL3", "amr": []string{"hwk"}, "auth_time": now.Add(time.Hour).Unix()}, me, signin.NotFresh},
		"does not say when":     {map[string]any{"acr": "AAL3", "amr": []string{"hwk"}, "auth_time": nil}, me, signin.NotFresh},
		"a weak class":          {map[string]any{"acr": "AAL1", "amr": []string{"hwk"}}, me, signin.NotFresh},
		"a weak method":         {map[string]any{"acr": "AAL3", "amr": []string{"pwd"}}, me, signin.NotFresh},
		"no more the same role": {map[string]any{"acr": "AAL3", "amr": []string{"hwk"}, "role": "R8001"}, me, signin.SomebodyElse},
		"one role of two":       {map[string]any{"acr": "AAL3", "amr": []string{"hwk"}, "role": []string{"R8001", "R8000"}}, me, ""},
		"somebody else's token": {map[string]any{"acr": "AAL3", "amr": []string{"hwk"}, "sub": "person-2"}, me, signin.SomebodyElse},
	} {
		t.Run(name, func(t *testing.T) {
			who, err := signInAs(t, i, s, tc.claims, tc.again)
			if tc.want != "" {
				refusedFor(t, who, err, tc.want)
			} else if err != nil || now.Sub(who.Since) >= signin.Fresh {
				t.Errorf("%+v %v", who, err)
			}
		})
	}
}

// signInAs goes all the way with some claims changed.
func signInAs(t *testing.T, i *issuer, s *signin.SignIn, change map[string]any, again string) (signin.Who, error) {
	t.Helper()
	i.token = func(asked url.Values) string {
		c := i.claims(asked)
		for k, v := range change {
			if c[k] = v; v == nil {
				delete(c, k)
			}
		}
		return i.sign(c)
	}
	me := events.Reader{Actor: events.ActorID(again), Agency: "northshire-hospital", Kind: events.KindHealth, Role: events.RolePractitioner}
	if again == "" {
		me = events.Reader{}
	}
	to, kept, err := s.Begin(t.Context(), "nhs", signin.Want{Again: me})
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(to)
	if q := u.Query(); again != "" && (q.Get("prompt") != "login" || q.Get("max_age") != "0" || q.Get("acr_values") != "AAL3") {
		t.Errorf("asks %s", to)
	}
	return s.Finish(t.Context(), "nhs", kept, i.allow(t, to))
}

// What a provider's own metadata names is not asked over a network in clear.
func TestNothingInClear(t *testing.T) {
	i := newIssuer(t)
	for _, name := range []string{"authorization_endpoint", "token_endpoint"} {
		i.says = map[string]any{name: "http://192.0.2.1/x"}
		s := with(t, i.conf(t, "nhs"))
		to, kept, err := s.Begin(t.Context(), "nhs", signin.Want{})
		if err == nil {
			_, err = s.Finish(t.Context(), "nhs", kept, i.allow(t, to))
		}
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
}
