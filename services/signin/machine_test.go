package signin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"kith/events"
	"kith/services/fault"
	"kith/services/signin"
)

func (i *issuer) machines(t *testing.T) *signin.SignIn {
	t.Helper()
	m := signin.Machines{Issuer: i.URL, Audience: "api://kith",
		Clients: map[string]signin.Client{"mis": {Actor: "mis-oakfield", Name: "Records of Oakfield School", Agency: "oakfield-school", Role: events.RolePractitioner}}}
	if err := m.Check(func(events.AgencyID) bool { return true }, func(events.ReaderRole) bool { return true }); err != nil {
		t.Fatal(err)
	}
	s, err := signin.New(signin.Config{Machines: []signin.Machines{m}, Now: func() time.Time { return now },
		Agency: func(id events.AgencyID) events.Agency { return events.Agency{ID: id, Kind: events.KindEducation} }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (i *issuer) machineToken() map[string]any {
	return map[string]any{"iss": i.URL, "aud": "api://kith", "sub": "mis", "client_id": "mis", "iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix()}
}

// A program comes in with a token that was given to it, for the hub, not long
// ago; with no other that the same provider signed, and none that it did not.
func TestMachine(t *testing.T) {
	i := newIssuer(t)
	s := i.machines(t)
	who, err := s.Machine(t.Context(), i.sign(i.machineToken()))
	want := events.Reader{Actor: "mis-oakfield", Agency: "oakfield-school", Kind: events.KindEducation, Role: events.RolePractitioner}
	if err != nil || who.Reader != want || !who.Since.Equal(now) {
		t.Fatalf("%+v %v", who, err)
	}
	forger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	with := func(change map[string]any) string {
		c := i.machineToken()
		for k, v := range change {
			if c[k] = v; v == nil {
				delete(c, k)
			}
		}
		return i.sign(c)
	}
	for name, tc := range map[string]struct {
		token string
		want  signin.Why
	}{
		"for another audience":       {with(map[string]any{"aud": "api://other"}), signin.BadToken},
		"expired":                    {with(map[string]any{"exp": now.Add(-time.Second).Unix()}), signin.Expired},
		"valid for a day":            {with(map[string]any{"exp": now.Add(24 * time.Hour).Unix()}), signin.LivesLong},
		"does not say since when":    {with(map[string]any{"iat": nil}), signin.LivesLong},
		"from the future":            {with(map[string]any{"iat": now.Add(time.Hour).Unix(), "exp": now.Add(2 * time.Hour).Unix()}), signin.LivesLong},
		"of a program nobody listed": {with(map[string]any{"client_id": "other"}), signin.NoPost},
		"of nobody":                  {with(map[string]any{"client_id": nil}), signin.NoPost},
		"an ID token":                {with(map[string]any{"nonce": "n"}), signin.OtherParty},
		"an ID token, the other way": {with(map[string]any{"at_hash": "h"}), signin.OtherParty},
		"of another issuer":          {with(map[string]any{"iss": "https://evil.example"}), signin.OtherIssuer},
		"alg none":                   {unsigned(i.machineToken()), signin.BadToken},
		"signed by somebody else":    {signed(jose.RS256, forger, "k1", i.machineToken()), signin.BadToken},
		"signed with the public key": {signed(jose.HS256, modulus(i), "k1", i.machineToken()), signin.BadToken},
		"no token at all":            {"a.b", signin.OtherIssuer},
		"empty":                      {"", signin.OtherIssuer},
	} {
		who, err := s.Machine(t.Context(), tc.token)
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Unsigned || f.Text != "The access token is not known." || signin.ReasonOf(err) != tc.want || who.Reader.Actor != "" {
			t.Errorf("%s: %+v %v %q, want %q", name, who, err, signin.ReasonOf(err), tc.want)
		}
	}
	if _, err := (*signin.SignIn)(nil).Machine(t.Context(), i.sign(i.machineToken())); err == nil {
		t.Error("a hub without providers lets a program in")
	}
}

// Whoever shows a thousand tokens with made-up keys does not make the hub ask the
// provider a thousand times.
func TestMadeUpKeys(t *testing.T) {
	i := newIssuer(t)
	asked := 0
	next := i.Config.Handler
	i.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/keys") {
			asked++
		}
		next.ServeHTTP(w, r)
	})
	s := i.machines(t)
	forger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 1000 {
		if _, err := s.Machine(t.Context(), signed(jose.RS256, forger, strings.Repeat("k", n%50), i.machineToken())); err == nil {
			t.Fatal("a forged token counts")
		}
	}
	if asked > 3 {
		t.Errorf("the provider was asked %d times for its keys", asked)
	}
}
