package webhook

import (
	"crypto/ed25519"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Whatever comes to a receiver, only what was signed is good: this id, this
// moment, these bytes.
func FuzzVerify(f *testing.F) {
	pair := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	shared := "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	signing := keysOf(f, SigningKeys, shared, prefixPrivate+base64.StdEncoding.EncodeToString(pair))
	checking := keysOf(f, CheckingKeys, shared, prefixPublic+base64.StdEncoding.EncodeToString(pair.Public().(ed25519.PublicKey)))
	at, h, body := time.Unix(1614265330, 0), http.Header{}, `{"test": 2432232314}`
	Sign(h, signing, "told-1", at, []byte(body))
	f.Add(h.Get(headerID), h.Get(headerTimestamp), h.Get(headerSignature), []byte(body))
	for signature := range strings.FieldsSeq(h.Get(headerSignature)) {
		f.Add(h.Get(headerID), h.Get(headerTimestamp), "v2,AA== "+signature, []byte(body))
	}
	f.Fuzz(func(t *testing.T, id, stamp, signature string, got []byte) {
		in := http.Header{}
		in.Set(headerID, id)
		in.Set(headerTimestamp, stamp)
		in.Set(headerSignature, signature)
		if Verify(in, checking, got, at) == nil && (id != h.Get(headerID) || stamp != h.Get(headerTimestamp) || string(got) != body) {
			t.Error("took what nobody signed")
		}
	})
}

// Whatever a file of keys holds, nothing of it is repeated, and what is taken
// signs.
func FuzzKeys(f *testing.F) {
	private, public, err := NewPair()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("# old\nwhsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n" + private + "\n"))
	f.Add([]byte(public))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := SigningKeys(text)
		for _, k := range keys {
			if k.sign([]byte("x")) == "" {
				t.Error("a key that does not sign")
			}
		}
		_, other := CheckingKeys(text)
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); len(line) > 60 && (err != nil && strings.Contains(err.Error(), line) || other != nil && strings.Contains(other.Error(), line)) {
				t.Error("an error repeats a key")
			}
		}
	})
}
