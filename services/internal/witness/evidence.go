package witness

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
)

// maxEvidence is how many conflicts are kept of all logs together: one proves as
// much as a thousand, and the disk is the agency's.
const maxEvidence = 100

// accuse keeps what is held and what was given side by side, in a folder of its
// own. Both carry the hub's signature, so that nobody has to believe the agency.
func (w *Witness) accuse(h *holding, next signed, body []byte) {
	w.conflicts++
	all := filepath.Join(w.keep.dir, "evidence")
	sum := sha256.Sum256([]byte(h.note.Text + "\n" + next.note.Text))
	dir := filepath.Join(all, fmt.Sprintf("%s-%d-%x", h.name, next.size, sum[:8]))
	if _, err := os.Stat(dir); err == nil {
		w.log.Warn("the hub showed a history again that does not go with what it showed before", "what", h.name, "dir", dir)
		return
	}
	w.log.Error("THE HUB SIGNED A CHECKPOINT THAT DOES NOT GO WITH WHAT IT SHOWED BEFORE: it was not cosigned; "+
		"keep the evidence, and tell the partnership's governance", "what", h.name, "dir", dir)
	if kept, err := os.ReadDir(all); err == nil && len(kept) >= maxEvidence {
		w.log.Error("no more evidence is kept: there is enough", "what", h.name, "count", len(kept))
		return
	}
	if err := keepEvidence(dir, w.keep, h.bytes(), next.bytes(), body); err != nil {
		w.log.Error("the evidence could not be kept", "what", h.name, "error", err)
	}
}

// keepEvidence writes into a folder that gets its name last, so that what is
// named is whole.
func keepEvidence(dir string, like folder, held, given, body []byte) error {
	if _, err := newFolder(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.RemoveAll(dir + ".new"); err != nil {
		return err
	}
	f, err := newFolder(dir + ".new")
	if err != nil {
		return err
	}
	f.sync = like.sync
	for name, data := range map[string][]byte{"held.checkpoint": held, "given.checkpoint": given, "given.request": body} {
		if err := f.put(name, data); err != nil {
			return err
		}
	}
	if err := os.Rename(dir+".new", dir); err != nil {
		return err
	}
	return f.syncDir(filepath.Dir(dir))
}
