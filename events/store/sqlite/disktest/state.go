package disktest

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// State is what a disk holds: what is on stable storage, and what was done
// since that may or may not be.
type State struct {
	files   map[string]*file // by path, as readers see them
	durable map[string]*file // names on stable storage
}

// file is a file whatever its name is.
type file struct {
	content []byte // on stable storage
	pending []op   // not yet
	fresh   bool   // its name is not on stable storage
}

// Loss says what a power cut takes of what was not synced.
type Loss string

const (
	Nothing    Loss = "nothing"    // it was all written, just in time
	Everything Loss = "everything" // nothing that was not synced is there
	Some       Loss = "some"       // any writes, and of each any sectors
	Torn       Loss = "torn"       // all but the end of the last write
)

// Losses are all there are.
var Losses = []Loss{Nothing, Everything, Some, Torn}

const sector = 512

func newState() *State {
	return &State{files: map[string]*file{}, durable: map[string]*file{}}
}

func (s *State) has(path string) bool { return s.files[path] != nil }

func (s *State) apply(o op) {
	f := s.files[o.path]
	if f == nil && o.kind != found && o.kind != created {
		return // deleted while somebody has it open still
	}
	switch o.kind {
	case found:
		f = &file{content: slices.Clone(o.data)}
		s.files[o.path], s.durable[o.path] = f, f
	case created:
		s.files[o.path] = &file{fresh: true}
	case deleted:
		delete(s.files, o.path)
		if o.dir {
			s.syncFolder(filepath.Dir(o.path))
		}
	case synced:
		for _, p := range f.pending {
			f.content = p.on(f.content)
		}
		f.pending = nil
		if f.fresh { // SQLite syncs the folder with the first sync of a new file
			f.fresh = false
			s.syncFolder(filepath.Dir(o.path))
		}
	case rewritten:
		f.content, f.pending = slices.Clone(o.data), nil
	case refused:
		f.pending = nil // lost, although readers see it still
	default:
		f.pending = append(f.pending, o)
	}
}

func (s *State) syncFolder(dir string) {
	maps.DeleteFunc(s.durable, func(path string, _ *file) bool { return filepath.Dir(path) == dir && s.files[path] == nil })
	for path, f := range s.files {
		if filepath.Dir(path) == dir {
			s.durable[path] = f
		}
	}
}

// on gives content as it is after a write or truncate.
func (o op) on(content []byte) []byte {
	size := int(o.offset)
	if o.kind == written {
		size = max(len(content), size+len(o.data))
	}
	if size <= len(content) {
		content = content[:size]
	} else {
		content = append(content, make([]byte, size-len(content))...)
	}
	copy(content[min(size, int(o.offset)):], o.data)
	return content
}

// Cut writes below to what a power cut would have left of what lies below from.
// Chance decides what Some and Torn lose.
func (s *State) Cut(l Loss, chance *rand.Rand, from, to string) error {
	for path, f := range s.left(l, chance) {
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		content := slices.Clone(f.content)
		for i, o := range f.pending {
			last := i == len(f.pending)-1
			for _, part := range o.reached(l, last, chance) {
				content = part.on(content)
			}
		}
		path = filepath.Join(to, rel)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// left says which names there are: a folder that was not synced may hold a new
// file or not, a deleted one or not.
func (s *State) left(l Loss, chance *rand.Rand) map[string]*file {
	switch l {
	case Nothing, Torn:
		return s.files
	case Everything:
		return s.durable
	}
	names := map[string]*file{}
	paths := slices.Concat(slices.Collect(maps.Keys(s.files)), slices.Collect(maps.Keys(s.durable)))
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		f := s.files[path]
		if f != s.durable[path] && chance.IntN(2) == 0 {
			f = s.durable[path]
		}
		if f != nil {
			names[path] = f
		}
	}
	return names
}

// reached gives the parts of o that are on the disk.
func (o op) reached(l Loss, last bool, chance *rand.Rand) []op {
	switch {
	case l == Everything:
		return nil
	case l == Nothing, l == Torn && !last:
		return []op{o}
	case o.kind == truncated:
		if l == Torn || chance.IntN(2) == 0 {
			return []op{o}
		}
		return nil
	case l == Torn:
		o.data = o.data[:chance.IntN(len(o.data)/sector+1)*sector]
		return []op{o}
	}
	switch chance.IntN(3) {
	case 0:
		return nil
	case 1:
		return []op{o}
	}
	return o.sectors(chance)
}

// sectors is any of the sectors of a write.
func (o op) sectors(chance *rand.Rand) (parts []op) {
	for begin := 0; begin < len(o.data); {
		end := min(len(o.data), begin+sector-int(o.offset+int64(begin))%sector)
		if chance.IntN(2) == 0 {
			parts = append(parts, op{kind: written, offset: o.offset + int64(begin), data: o.data[begin:end]})
		}
		begin = end
	}
	return parts
}

// moved is a clone below another folder.
func (s *State) moved(from, to string) *State {
	c := s.clone()
	for _, names := range []map[string]*file{c.files, c.durable} {
		for path, f := range maps.Clone(names) {
			delete(names, path)
			names[to+strings.TrimPrefix(path, from)] = f
		}
	}
	return c
}

func (s *State) clone() *State {
	c := newState()
	twin := map[*file]*file{}
	copied := func(f *file) *file {
		if twin[f] == nil {
			twin[f] = &file{content: slices.Clone(f.content), pending: slices.Clone(f.pending), fresh: f.fresh}
		}
		return twin[f]
	}
	for path, f := range s.files {
		c.files[path] = copied(f)
	}
	for path, f := range s.durable {
		c.durable[path] = copied(f)
	}
	return c
}
