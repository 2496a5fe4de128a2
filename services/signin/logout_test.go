package signin_test

import (
	"testing"
	"time"

	"kith/services/signin"
)

// A provider ends sessions with a token that is made for that, and with nothing
// else that it signed.
func TestEnded(t *testing.T) {
	i := newIssuer(t)
	s := with(t, i.conf(t, "nhs"))
	me, err := signInAs(t, i, s, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	good := func() map[string]any {
		return map[string]any{"iss": i.URL, "aud": "kith", "sub": "person-1", "jti": "1", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
			"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}}
	}
	gone, err := s.Ended(t.Context(), "nhs", i.sign(good()))
	if err != nil || gone != (signin.Gone{Actor: me.Reader.Actor}) {
		t.Errorf("%+v %v", gone, err)
	}
	session := good()
	delete(session, "sub")
	session["sid"] = "s1"
	if gone, err := s.Ended(t.Context(), "nhs", i.sign(session)); err != nil || gone != (signin.Gone{Session: "s1"}) {
		t.Errorf("%+v %v", gone, err)
	}
	for name, spoil := range map[string]func(map[string]any){
		"an ID token":      func(c map[string]any) { c["nonce"] = "n" },
		"no event":         func(c map[string]any) { delete(c, "events") },
		"another audience": func(c map[string]any) { c["aud"] = "other" },
		"another issuer":   func(c map[string]any) { c["iss"] = "https://evil.example" },
		"expired":          func(c map[string]any) { c["exp"] = now.Add(-time.Minute).Unix() },
		"about nobody":     func(c map[string]any) { delete(c, "sub") },
	} {
		c := good()
		spoil(c)
		if gone, err := s.Ended(t.Context(), "nhs", i.sign(c)); err == nil {
			t.Errorf("%s ended %+v", name, gone)
		}
	}
	if _, err := s.Ended(t.Context(), "nhs", unsigned(good())); err == nil {
		t.Error("one that nobody signed")
	}
}

// Claims at the UserInfo endpoint count if it is about the same person, and what
// is signed stands.
func TestUserInfo(t *testing.T) {
	i := newIssuer(t)
	conf := i.conf(t, "nhs")
	conf.UserInfo = true
	s := with(t, conf)
	for name, tc := range map[string]struct {
		info map[string]any
		want signin.Why
	}{
		"the role is there":     {map[string]any{"sub": "person-1", "role": "R8000"}, ""},
		"about another":         {map[string]any{"sub": "person-2", "role": "R8000"}, signin.OtherSubject},
		"another agency, there": {map[string]any{"sub": "person-1", "role": "R8000", "agency": "NH9"}, ""},
		"no role there either":  {map[string]any{"sub": "person-1"}, signin.NoPost},
	} {
		i.info = tc.info
		who, err := signInAs(t, i, s, map[string]any{"role": nil}, "")
		if tc.want != "" {
			refusedFor(t, who, err, tc.want)
		} else if err != nil || who.Reader.Agency != "northshire-hospital" {
			t.Errorf("%s: %+v %v", name, who, err)
		}
	}
}
