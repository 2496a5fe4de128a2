package signin_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"

	"kith/events"
	"kith/services/fault"
	"kith/services/signin"
)

func challenge(verifier string) string {
	h := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(h[:])
}

func TestSignIn(t *testing.T) {
	i := newIssuer(t)
	s := with(t, i.conf(t, "nhs"))
	if cs := s.Choices(); len(cs) != 1 || cs[0] != (signin.Choice{ID: "nhs", Name: "Northshire NHS"}) {
		t.Errorf("choices %v", cs)
	}
	to, kept, err := s.Begin(t.Context(), "nhs", signin.Want{Next: "/search", Session: "old"})
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(to)
	q := u.Query()
	if q.Get("redirect_uri") != "https://hub.example/sign-in/nhs/back" || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" ||
		len(q.Get("state")) < 40 || len(q.Get("nonce")) < 40 || q.Get("client_id") != "kith" || q.Get("prompt") != "" {
		t.Errorf("asks %s", to)
	}
	for _, secret := range []string{q.Get("state"), q.Get("nonce"), "search"} {
		if strings.Contains(kept, secret) {
			t.Error("the browser can read its ticket")
		}
	}
	who, err := s.Finish(t.Context(), "nhs", kept, i.allow(t, to))
	if err != nil {
		t.Fatal(err, signin.ReasonOf(err))
	}
	r := who.Reader
	if r.Agency != "northshire-hospital" || r.Kind != events.KindHealth || r.Role != events.RolePractitioner || who.Post != "Named nurse" ||
		!who.Since.Equal(now) || who.Want.Next != "/search" || who.Want.Session != "old" {
		t.Errorf("who %+v", who)
	}
	if a := string(r.Actor); !strings.HasPrefix(a, "p-") || len(a) != 34 || strings.Contains(a, "person") {
		t.Errorf("actor %s", a)
	}
}

// Issuer and subject make the pseudonym: the same subject of another issuer is
// somebody else.
func TestSameSubjectOfAnotherIssuer(t *testing.T) {
	one, two := newIssuer(t), newIssuer(t)
	s := with(t, one.conf(t, "one"), two.conf(t, "two"))
	var actors []events.ActorID
	for id, i := range map[string]*issuer{"one": one, "two": two} {
		to, kept, err := s.Begin(t.Context(), id, signin.Want{})
		if err != nil {
			t.Fatal(err)
		}
		who, err := s.Finish(t.Context(), id, kept, i.allow(t, to))
		if err != nil {
			t.Fatal(err)
		}
		actors = append(actors, who.Reader.Actor)
	}
	if actors[0] == actors[1] {
		t.Error("one issuer can speak of the other's people")
	}
}

func TestProviderDoesNotAnswer(t *testing.T) {
	i := newIssuer(t)
	i.Close()
	_, _, err := with(t, i.conf(t, "nhs")).Begin(t.Context(), "nhs", signin.Want{})
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Unavailable || !strings.Contains(f.Text, "Northshire NHS does not answer") {
		t.Errorf("%v", err)
	}
	if _, _, err := with(t).Begin(t.Context(), "nhs", signin.Want{}); !errors.Is(err, fault.NotFound) {
		t.Errorf("an unknown provider: %v", err)
	}
	if _, err := (*signin.SignIn)(nil).Finish(t.Context(), "nhs", "", nil); !errors.Is(err, fault.NotFound) {
		t.Errorf("no providers at all: %v", err)
	}
}
