package witness

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// request is the body of C2SP tlog-witness add-checkpoint: the size that the log
// believes the witness to hold, a proof from there, and the new checkpoint.
type request struct {
	old   int64
	proof tlog.TreeProof
	note  []byte // not verified yet
}

const (
	maxProof   = 63       // lines; enough for any tree that can be
	maxRequest = 64 << 10 // bytes
)

var errRequest = errors.New("not a request: it needs a line \"old SIZE\", at most 63 hashes, an empty line and a checkpoint")

func parseRequest(body []byte) (request, error) {
	head, checkpoint, ok := bytes.Cut(body, []byte("\n\n"))
	if !ok || len(body) > maxRequest {
		return request{}, errRequest
	}
	first, rest, more := strings.Cut(string(head), "\n")
	digits, ok := strings.CutPrefix(first, "old ")
	r := request{note: checkpoint}
	if r.old, ok = parseSizeIf(ok, digits); !ok {
		return request{}, errRequest
	}
	if !more {
		return r, nil
	}
	for line := range strings.SplitSeq(rest, "\n") {
		h, ok := parseHash(line)
		if !ok || len(r.proof) == maxProof {
			return request{}, errRequest
		}
		r.proof = append(r.proof, h)
	}
	return r, nil
}

func parseSizeIf(ok bool, s string) (int64, bool) {
	if !ok {
		return 0, false
	}
	return parseSize(s)
}

// body writes the request as it is sent.
func (r request) body() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "old %d\n", r.old)
	for _, h := range r.proof {
		fmt.Fprintln(&b, h)
	}
	b.WriteByte('\n')
	b.Write(r.note)
	return b.Bytes()
}
