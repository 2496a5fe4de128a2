package witness

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// cosignatureV1 tells this kind of signature from others in a note: Ed25519 with
// a timestamp, over "cosignature/v1", the time and the checkpoint. See C2SP
// tlog-cosignature.
const cosignatureV1 = 0x04

const (
	timeSize = 8
	sigSize  = timeSize + ed25519.SignatureSize
)

// Key is what an agency cosigns with. It is made at the agency and stays there.
type Key struct {
	name    string
	private ed25519.PrivateKey
}

// OpenKey opens the key in a file, or makes one there at the first start. It is
// durable before anything is signed with it. The name becomes part of every
// signature; it has no spaces and no plus sign.
func OpenKey(path, name string) (*Key, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newKey(path, name)
	}
	if err != nil {
		return nil, fmt.Errorf("open the witness key: %w", err)
	}
	return parseKey(strings.TrimSpace(string(text)), name)
}

func newKey(path, name string) (*Key, error) {
	if !validName(name) {
		return nil, errors.New("make a witness key: its name may have no spaces and no plus sign")
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a witness key: %w", err)
	}
	k := &Key{name, private}
	f, err := newFolder(filepath.Dir(path))
	if err == nil {
		err = f.put(filepath.Base(path), []byte(k.text()+"\n"))
	}
	if err != nil {
		return nil, fmt.Errorf("make a witness key: %w", err)
	}
	return k, nil
}

// text is the private key as notes are used to write one.
func (k *Key) text() string {
	return fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", k.name, k.KeyHash(), encodeKey(k.private.Seed()))
}

func parseKey(text, name string) (*Key, error) {
	damaged := errors.New("open the witness key: it is damaged, or of another agency; restore it from a backup")
	parts := strings.SplitN(text, "+", 5)
	if len(parts) != 5 {
		return nil, damaged
	}
	seed, ok := decodeKey(parts[4])
	if !ok {
		return nil, damaged
	}
	k := &Key{name, ed25519.NewKeyFromSeed(seed)}
	if k.text() != text {
		return nil, damaged
	}
	return k, nil
}

// Verifier is the public key, as the hub's configuration lists it.
func (k *Key) Verifier() string {
	return fmt.Sprintf("%s+%08x+%s", k.name, k.KeyHash(), encodeKey(k.public()))
}

func (k *Key) public() ed25519.PublicKey { return k.private.Public().(ed25519.PublicKey) }

// Name and KeyHash are how a note names the key.
func (k *Key) Name() string    { return k.name }
func (k *Key) KeyHash() uint32 { return keyHash(k.name, k.public()) }

// at makes the key sign as of a moment.
func (k *Key) at(t time.Time) note.Signer { return stamp{k, t} }

type stamp struct {
	*Key
	at time.Time
}

// Sign is called with the text of a note.
func (s stamp) Sign(text []byte) ([]byte, error) {
	if s.at.Unix() <= 0 {
		return nil, errors.New("cosign: the clock is not set")
	}
	seconds := uint64(s.at.Unix())
	sig := binary.BigEndian.AppendUint64(nil, seconds)
	return append(sig, ed25519.Sign(s.private, message(seconds, text))...), nil
}

// message is what a cosignature signs.
func message(seconds uint64, text []byte) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", seconds), text...)
}

// Verifier is the public key of a witness. It is a note.Verifier.
type Verifier struct {
	name   string
	public ed25519.PublicKey
}

// NewVerifier reads a public key as Key.Verifier writes it.
func NewVerifier(vkey string) (*Verifier, error) {
	wrong := errors.New("not a witness key: it is one line, name+hash+key, that an agency prints as it starts")
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 || !validName(parts[0]) {
		return nil, wrong
	}
	public, ok := decodeKey(parts[2])
	if !ok || parts[1] != fmt.Sprintf("%08x", keyHash(parts[0], public)) {
		return nil, wrong
	}
	return &Verifier{parts[0], public}, nil
}

// Name and KeyHash are how a note names the key.
func (v *Verifier) Name() string    { return v.name }
func (v *Verifier) KeyHash() uint32 { return keyHash(v.name, v.public) }

// Verify reports whether sig is a cosignature of the text of a note, at whatever
// time it says.
func (v *Verifier) Verify(text, sig []byte) bool {
	if len(sig) != sigSize {
		return false
	}
	seconds := binary.BigEndian.Uint64(sig)
	return seconds > 0 && seconds <= math.MaxInt64 && ed25519.Verify(v.public, message(seconds, text), sig[timeSize:])
}

// stamped is the time of a cosignature that was verified.
func stamped(s note.Signature) time.Time {
	raw, err := base64.StdEncoding.DecodeString(s.Base64)
	if err != nil || len(raw) != 4+sigSize {
		return time.Time{}
	}
	return time.Unix(int64(binary.BigEndian.Uint64(raw[4:])), 0)
}

func keyHash(name string, public []byte) uint32 {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%c%s", name, cosignatureV1, public)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

func encodeKey(key []byte) string {
	return base64.StdEncoding.EncodeToString(append([]byte{cosignatureV1}, key...))
}

// decodeKey reads a seed or a public key; both have 32 bytes.
func decodeKey(s string) ([]byte, bool) {
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != cosignatureV1 {
		return nil, false
	}
	return raw[1:], encodeKey(raw[1:]) == s
}

func validName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == '+' })
}
