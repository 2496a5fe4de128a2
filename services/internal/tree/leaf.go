package tree

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"kith/events/store"
)

// leafV1 is the first line of a leaf. What a leaf says is for ever: another
// form is another first line.
const leafV1 = "kith leaf v1\n"

// Leaf is what the tree holds of an event, as text: one line for each part of
// the envelope, and the SHA-256 of the cause and of the sealed payload. It never
// holds what was sealed, so that it stays as it is when a key is destroyed.
//
// Values are percent-encoded, so that none can pretend to be another line. The
// cause is hashed as lines of its own (by, for, purpose, because, trace), so that
// a leaf is the same whatever store the event lies in.
func Leaf(r store.Recorded) []byte {
	var w writer
	return w.leaf(r)
}

// writer writes leaves, one after the other, into the same two buffers.
type writer struct {
	record []byte // the byte 0 of RFC 6962, then the leaf
	cause  []byte
}

// hash is the hash of the leaf of r in the tree.
func (w *writer) hash(r store.Recorded) tlog.Hash {
	w.leaf(r)
	return sha256.Sum256(w.record)
}

// leaf lasts until the next.
func (w *writer) leaf(r store.Recorded) []byte {
	c := w.cause[:0]
	c = line(c, "by ", string(r.Cause.By))
	c = line(c, "for ", string(r.Cause.For))
	c = line(c, "purpose ", string(r.Cause.Purpose))
	c = line(c, "because ", r.Cause.Because)
	c = line(c, "trace ", r.Cause.Trace)
	w.cause = c
	cause, data := sha256.Sum256(c), sha256.Sum256(r.Data)

	b := append(w.record[:0], 0)
	b = append(b, leafV1...)
	b = append(b, "position "...)
	b = strconv.AppendUint(b, uint64(r.Position), 10)
	b = append(b, "\nid "...)
	b = hex.AppendEncode(b, r.ID[:])
	b = line(append(b, '\n'), "stream ", string(r.Stream))
	b = append(b, "revision "...)
	b = strconv.AppendUint(b, uint64(r.Revision), 10)
	b = line(append(b, '\n'), "type ", string(r.Type))
	b = append(b, "at "...)
	b = r.At.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, "\ncause "...)
	b = hex.AppendEncode(b, cause[:])
	b = append(b, "\ndata "...)
	b = hex.AppendEncode(b, data[:])
	w.record = append(b, '\n')
	return w.record[1:]
}

// line appends a name, a value of visible ASCII and a line feed.
func line(b []byte, name, value string) []byte {
	b = append(b, name...)
	for i := range len(value) {
		if c := value[i]; c <= ' ' || c >= 0x7f || c == '%' {
			return escaped(append(b, value[:i]...), value[i:])
		}
	}
	return append(append(b, value...), '\n')
}

func escaped(b []byte, value string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(value) {
		if c := value[i]; c > ' ' && c < 0x7f && c != '%' {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return append(b, '\n')
}
