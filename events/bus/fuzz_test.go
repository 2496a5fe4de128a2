package bus

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"golang.org/x/mod/sumdb/note"

	"kith/events"
)

// fixedSigner is the same in every process of a fuzz test.
func fixedSigner(f *testing.F) *Signer {
	f.Helper()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	verifier, err := note.NewEd25519VerifierKey(signerName, key.Public().(ed25519.PublicKey))
	if err != nil {
		f.Fatal(err)
	}
	hash := strings.Split(verifier, "+")[1]
	s, err := note.NewSigner("PRIVATE+KEY+" + signerName + "+" + hash + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, key.Seed()...)))
	if err != nil {
		f.Fatal(err)
	}
	return &Signer{signer: s, verifier: verifier}
}

// Whatever lies in an inbox is an answer to one message or none, and no receipt
// is verified but what the hub signed.
func FuzzAnswer(f *testing.F) {
	s := fixedSigner(f)
	signed, err := s.Sign(receipt())
	if err != nil {
		f.Fatal(err)
	}
	for _, a := range []Answer{{Receipt: &signed, Digest: signed.Digest},
		{Refusal: &Refusal{Agency: "a", Digest: "d", Problems: []events.Complaint{{Code: "schema", Pointer: "/data", Detail: "x"}}}, Digest: "d"}} {
		_, e, err := a.event()
		if err != nil {
			f.Fatal(err)
		}
		m, err := Structured(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(m.Body)
		f.Add(bytes.Replace(m.Body, []byte(`"id":"`+a.Digest), []byte(`"id":"of-another`), 1)) // a claim about another message
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := Decode(Message{Body: raw})
		if err != nil {
			return
		}
		a, err := AnswerOf(e)
		if err != nil {
			return
		}
		if (a.Receipt == nil) == (a.Refusal == nil) || a.said() != e.ID() {
			t.Error("an answer to nothing, or to two")
		}
		if a.Receipt == nil || Verify(s.Verifier(), *a.Receipt) != nil {
			return
		}
		if got, err := a.Receipt.text(); err != nil || !strings.HasPrefix(signed.Note, got+"\n") {
			t.Error("verified what the hub did not sign")
		}
	})
}

// Whatever an agency asks, a token is renewed for who holds the key, and only
// for what was signed with it.
func FuzzRenewal(f *testing.F) {
	key, err := nkeys.FromRawSeed(nkeys.PrefixByteUser, make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	public, err := key.PublicKey()
	if err != nil {
		f.Fatal(err)
	}
	question, err := json.Marshal(renewal{Key: public, At: time.Now().UTC()})
	if err != nil {
		f.Fatal(err)
	}
	signature, err := key.Sign(question)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(base64.StdEncoding.EncodeToString(signature), question)
	f.Add(base64.StdEncoding.EncodeToString(make([]byte, len(signature))), question)
	f.Fuzz(func(t *testing.T, signature string, question []byte) {
		m := &nats.Msg{Header: nats.Header{headerSignature: {signature}}, Data: question}
		d := &desk{agency: "north-police"}
		_, err := d.renewed(m, func(a events.AgencyID, user string) (string, error) {
			raw, _ := base64.StdEncoding.DecodeString(signature)
			k, err := nkeys.FromPublicKey(user)
			if a != d.agency || err != nil || k.Verify(question, raw) != nil {
				t.Error("renewed for who does not hold the key")
			}
			return "token", nil
		})
		if err != nil && strings.Contains(err.Error(), string(question)) && len(question) > 8 {
			t.Error("repeats the question")
		}
	})
}
