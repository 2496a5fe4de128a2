package webhook

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of Standard Webhooks.
const (
	headerID        = "webhook-id"
	headerTimestamp = "webhook-timestamp"
	headerSignature = "webhook-signature"
)

// tolerance is how far the clocks of sender and receiver may be apart, and for
// how long what somebody recorded on the way could be sent once more.
const tolerance = 5 * time.Minute

// Sign sets the headers of one delivery. Every key signs.
func Sign(h http.Header, keys []Key, id string, at time.Time, body []byte) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	text := signedText(id, stamp, body)
	signatures := make([]string, len(keys))
	for i, k := range keys {
		signatures[i] = k.sign(text)
	}
	h.Set(headerID, id)
	h.Set(headerTimestamp, stamp)
	h.Set(headerSignature, strings.Join(signatures, " "))
}

// What Verify finds wrong.
var (
	ErrHeaders   = errors.New("webhook-id, webhook-timestamp or webhook-signature is missing or is no such thing")
	ErrTime      = errors.New("webhook-timestamp is more than five minutes from now: it was sent again by somebody, or a clock is wrong")
	ErrSignature = errors.New("no signature is of a key that you hold: the body was changed, written anew, or signed by another")
)

// Verify checks a delivery as a receiver must, before reading its body: over the
// bytes as they came. One good signature is enough.
func Verify(h http.Header, keys []Key, body []byte, now time.Time) error {
	id, stamp := h.Get(headerID), h.Get(headerTimestamp)
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || id == "" || strings.Contains(id, ".") || h.Get(headerSignature) == "" {
		return ErrHeaders
	}
	if off := now.Sub(time.Unix(seconds, 0)); off > tolerance || off < -tolerance {
		return ErrTime
	}
	text := signedText(id, stamp, body)
	for signature := range strings.FieldsSeq(h.Get(headerSignature)) {
		for _, k := range keys {
			if k.signed(text, signature) {
				return nil
			}
		}
	}
	return ErrSignature
}

func signedText(id, stamp string, body []byte) []byte {
	return append([]byte(id+"."+stamp+"."), body...)
}
