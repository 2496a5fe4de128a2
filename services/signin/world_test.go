package signin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"kith/events"
	"kith/services/signin"
)

// issuer is an identity provider that signs whatever a test wants it to sign.
type issuer struct {
	*httptest.Server
	key  *rsa.PrivateKey
	mu   sync.Mutex
	info map[string]any // at its UserInfo endpoint
	says map[string]any // of itself, in its metadata
	// token makes the ID token for a request; asked is what the hub asked for.
	token func(asked url.Values) string
	code  map[string]url.Values
	used  int
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key, code: map[string]url.Values{}, says: map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		m := map[string]any{"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token",
			"jwks_uri": i.URL + "/keys", "userinfo_endpoint": i.URL + "/userinfo", "id_token_signing_alg_values_supported": []string{"RS256"}}
		for k, v := range i.says {
			m[k] = v
		}
		answer(w, m)
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k1", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("POST /token", i.exchange)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) { answer(w, i.info) })
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	i.token = func(asked url.Values) string { return i.sign(i.claims(asked)) }
	return i
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// exchange gives the token for a code, once, to whoever knows the verifier.
func (i *issuer) exchange(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.used++
	asked, ok := i.code[r.FormValue("code")]
	if !ok || challenge(r.FormValue("code_verifier")) != asked.Get("code_challenge") || asked.Get("code_challenge_method") != "S256" || r.FormValue("redirect_uri") != asked.Get("redirect_uri") {
		w.WriteHeader(http.StatusBadRequest)
		answer(w, map[string]string{"error": "invalid_grant", "error_description": "CANARY"})
		return
	}
	answer(w, map[string]any{"access_token": "at", "token_type": "Bearer", "expires_in": 60, "id_token": i.token(asked)})
}

// allow is what the provider does once somebody is signed in there: it gives a
// code for what the hub asked for.
func (i *issuer) allow(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	code := rand.Text()
	i.code[code] = u.Query()
	return url.Values{"code": {code}, "state": {u.Query().Get("state")}}
}

// claims are those of a good token for what was asked.
func (i *issuer) claims(asked url.Values) map[string]any {
	return map[string]any{"iss": i.URL, "aud": "kith", "sub": "person-1", "nonce": asked.Get("nonce"),
		"iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "auth_time": now.Unix(),
		"agency": "NH1", "role": "R8000", "name": "CANARY"}
}

func (i *issuer) sign(claims map[string]any) string {
	return signed(jose.RS256, i.key, "k1", claims)
}

func signed(alg jose.SignatureAlgorithm, key any, kid string, claims map[string]any) string {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	if err != nil {
		panic(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	j, err := s.Sign(text)
	if err != nil {
		panic(err)
	}
	out, err := j.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return out
}

var now = time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)

// conf is an issuer as the hub's configuration would have it.
func (i *issuer) conf(t *testing.T, id string) signin.Issuer {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return signin.Issuer{ID: id, Name: "Northshire NHS", Issuer: i.URL, ClientID: "kith", SecretFile: file,
		Claims:   signin.Claims{Agency: "agency", Role: "role", Seat: "role"},
		Agencies: map[string]events.AgencyID{"NH1": "northshire-hospital"},
		Roles:    map[string]events.ReaderRole{"R8000": events.RolePractitioner, "R8001": events.RoleGovernance},
		Seats:    map[string]string{"R8000": "Named nurse"}}
}

func with(t *testing.T, is ...signin.Issuer) *signin.SignIn {
	t.Helper()
	for _, i := range is {
		if err := i.Check(func(events.AgencyID) bool { return true }, func(events.ReaderRole) bool { return true }); err != nil {
			t.Fatal(err)
		}
	}
	s, err := signin.New(signin.Config{Issuers: is, Address: func() string { return "https://hub.example" },
		Pseudonym: func(domain, value string) string { return strings.ToLower(challenge(domain + value))[:32] },
		Agency: func(id events.AgencyID) events.Agency {
			return events.Agency{ID: id, Kind: events.KindHealth, Name: "Northshire Hospital"}
		},
		Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
