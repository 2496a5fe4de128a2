package webhook

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"pgregory.net/rapid"
)

func keysOf(t rapid.TB, read func([]byte) ([]Key, error), lines ...string) []Key {
	t.Helper()
	ks, err := read([]byte(strings.Join(lines, "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return ks
}

// The example that the implementations of Standard Webhooks share.
func TestSharedExample(t *testing.T) {
	h := http.Header{}
	Sign(h, keysOf(t, SigningKeys, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if got := h.Get("webhook-signature"); got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Error(got)
	}
}

// What we sign, the library of Standard Webhooks accepts, and the other way
// round; while a secret is replaced, whoever holds either of the two.
func TestAgainstTheirLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, young := NewShared(), NewShared()
		private, public, err := NewPair()
		if err != nil {
			t.Fatal(err)
		}
		body := []byte(rapid.String().Draw(t, "body"))
		id := fmt.Sprint("told-x-", rapid.IntRange(0, 1<<30).Draw(t, "id"))
		h := http.Header{}
		Sign(h, keysOf(t, SigningKeys, old, "# being replaced", "", private, young), id, time.Now(), body)
		for _, secret := range []string{old, young} {
			theirs, err := standardwebhooks.NewWebhook(secret)
			if err != nil {
				t.Fatal(err)
			}
			if err := theirs.Verify(body, h); err != nil {
				t.Error(err)
			}
			if theirs.Verify(append(body, ' '), h) == nil {
				t.Error("they took another body")
			}
			at := time.Now()
			signature, err := theirs.Sign(id, at, body)
			if err != nil {
				t.Fatal(err)
			}
			g := http.Header{}
			g.Set(headerID, id)
			g.Set(headerTimestamp, fmt.Sprint(at.Unix()))
			g.Set(headerSignature, "v2,AA== "+signature)
			if err := Verify(g, keysOf(t, CheckingKeys, secret), body, at); err != nil {
				t.Error("of theirs:", err)
			}
		}
		if err := Verify(h, keysOf(t, CheckingKeys, public), body, time.Now()); err != nil {
			t.Error(err)
		}
		stranger := NewShared()
		_, other, _ := NewPair()
		if err := Verify(h, keysOf(t, CheckingKeys, stranger, other), body, time.Now()); !errors.Is(err, ErrSignature) {
			t.Error("a stranger's keys:", err)
		}
	})
}

// Whatever is changed on the way is found.
func TestVerifyFindsChanges(t *testing.T) {
	now := time.Now()
	secret := NewShared()
	private, public, _ := NewPair()
	body := []byte(`{"id":"told-school-7"}`)
	for what, c := range map[string]struct {
		spoil func(http.Header)
		body  string
		now   time.Time
		want  error
	}{
		"nothing":       {func(http.Header) {}, string(body), now, nil},
		"body":          {func(http.Header) {}, string(body) + "\n", now, ErrSignature},
		"id":            {func(h http.Header) { h.Set(headerID, "told-school-8") }, string(body), now, ErrSignature},
		"dot":           {func(h http.Header) { h.Set(headerID, "told-school-7.1") }, string(body), now, ErrHeaders},
		"time":          {func(h http.Header) { h.Set(headerTimestamp, fmt.Sprint(now.Unix()+1)) }, string(body), now, ErrSignature},
		"no time":       {func(h http.Header) { h.Del(headerTimestamp) }, string(body), now, ErrHeaders},
		"no signature":  {func(h http.Header) { h.Del(headerSignature) }, string(body), now, ErrHeaders},
		"old":           {func(http.Header) {}, string(body), now.Add(6 * time.Minute), ErrTime},
		"early":         {func(http.Header) {}, string(body), now.Add(-6 * time.Minute), ErrTime},
		"other version": {func(h http.Header) { h.Set(headerSignature, strings.ReplaceAll(h.Get(headerSignature), "v1", "v9")) }, string(body), now, ErrSignature},
		"swapped": {func(h http.Header) {
			h.Set(headerSignature, strings.NewReplacer("v1a,", "v1,", "v1,", "v1a,").Replace(h.Get(headerSignature)))
		}, string(body), now, ErrSignature},
	} {
		for _, hold := range []string{secret, public} {
			h := http.Header{}
			Sign(h, keysOf(t, SigningKeys, secret, private), "told-school-7", now, body)
			c.spoil(h)
			if err := Verify(h, keysOf(t, CheckingKeys, hold), []byte(c.body), c.now); !errors.Is(err, c.want) {
				t.Errorf("%s, %s…: %v, want %v", what, hold[:6], err, c.want)
			}
		}
	}
}

// A key that is none is refused, and neither error nor print shows one.
func TestKeys(t *testing.T) {
	private, public, _ := NewPair()
	short := "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 16))
	seed := "whsk_" + base64.StdEncoding.EncodeToString(make([]byte, 32))
	halves := "whsk_" + base64.StdEncoding.EncodeToString(append(make([]byte, 32), make([]byte, 32)...))
	for _, bad := range []string{"", "# none", short, public, halves, "whsec_!!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", strings.Repeat(NewShared()+"\n", 9)} {
		if _, err := SigningKeys([]byte(bad)); err == nil {
			t.Errorf("%.12s… was taken", bad)
		} else if len(bad) > 12 && strings.Contains(err.Error(), bad[6:]) {
			t.Error("the error repeats the key")
		}
	}
	if _, err := CheckingKeys([]byte(private)); err == nil {
		t.Error("a receiver was given the private half")
	}
	k := keysOf(t, SigningKeys, seed)[0]
	if s := fmt.Sprintf("%v %+v %#v", k, k, k); strings.Count(s, "withheld") != 3 {
		t.Error(s)
	}
}

// checkWebhook stands in the guide for integrators as it stands here. It uses
// nothing of ours.
func checkWebhook(h http.Header, body []byte, key string) bool {
	prefix, rest, _ := strings.Cut(key, "_")
	raw, err := base64.StdEncoding.DecodeString(rest)
	seconds, bad := strconv.ParseInt(h.Get("webhook-timestamp"), 10, 64)
	if err != nil || bad != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
	text := h.Get("webhook-id") + "." + h.Get("webhook-timestamp") + "." + string(body)
	for _, signature := range strings.Fields(h.Get("webhook-signature")) {
		version, value, _ := strings.Cut(signature, ",")
		given, _ := base64.StdEncoding.DecodeString(value)
		switch {
		case prefix == "whsec" && version == "v1":
			mac := hmac.New(sha256.New, raw)
			mac.Write([]byte(text))
			if hmac.Equal(given, mac.Sum(nil)) {
				return true
			}
		case prefix == "whpk" && version == "v1a" && len(raw) == ed25519.PublicKeySize:
			if ed25519.Verify(raw, []byte(text), given) {
				return true
			}
		}
	}
	return false
}

// What a receiver checks by the guide's code is what Verify says.
func TestTheGuidesReceiver(t *testing.T) {
	secret, stranger := NewShared(), NewShared()
	private, public, _ := NewPair()
	body := []byte(`{"id":"told-school-7"}`)
	h := http.Header{}
	Sign(h, keysOf(t, SigningKeys, secret, private), "told-school-7", time.Now(), body)
	old := http.Header{}
	Sign(old, keysOf(t, SigningKeys, secret, private), "told-school-7", time.Now().Add(-6*time.Minute), body)
	for _, c := range []struct {
		h    http.Header
		body []byte
		key  string
		want bool
	}{{h, body, secret, true}, {h, body, public, true}, {h, body, stranger, false}, {h, body, private, false}, {h, []byte("{}"), secret, false},
		{h, []byte("{}"), public, false}, {old, body, secret, false}, {old, body, public, false}, {http.Header{}, body, secret, false}, {h, body, "", false}} {
		if got := checkWebhook(c.h, c.body, c.key); got != c.want {
			t.Errorf("%.6s… %s: %v", c.key, c.body, got)
		}
	}
}
