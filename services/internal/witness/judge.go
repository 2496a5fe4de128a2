package witness

import (
	"net/http"

	"golang.org/x/mod/sumdb/tlog"
)

// verdict is what becomes of a checkpoint that the hub's key did sign.
type verdict struct {
	status   int
	why      string
	conflict bool // it does not go with what is held: keep both
}

// judge compares a checkpoint with the one that is held, in the order and with
// the answers of C2SP tlog-witness. Nothing held is a checkpoint of size zero.
func judge(held, next checkpoint, old int64, proof tlog.TreeProof) verdict {
	// Two roots at one size are a fork whatever else the request says.
	forked := held.size > 0 && next.size == held.size && next.root != held.root
	switch {
	case old > next.size:
		return verdict{status: http.StatusBadRequest, why: "the old size is larger than the new one", conflict: forked}
	case old != held.size:
		return verdict{status: http.StatusConflict, conflict: forked}
	case forked:
		return verdict{status: http.StatusUnprocessableEntity, why: "another root at the size that is held", conflict: true}
	case next.size == 0 && next.root != empty():
		return verdict{status: http.StatusUnprocessableEntity, why: "an empty log has another root"}
	case !consistent(held, next, proof):
		return verdict{status: http.StatusUnprocessableEntity, why: "the proof does not lead from what is held to the new checkpoint", conflict: held.size > 0}
	}
	return verdict{status: http.StatusOK}
}

// consistent reports whether the proof shows next to begin with all of held.
func consistent(held, next checkpoint, proof tlog.TreeProof) bool {
	if held.size == 0 {
		return len(proof) == 0 // everything begins with nothing
	}
	return tlog.CheckTree(proof, next.size, next.root, held.size, held.root) == nil
}
