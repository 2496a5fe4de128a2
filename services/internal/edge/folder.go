package edge

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"kith/events/bus"
	"kith/services/fault"
)

const (
	lookAtFolder = 2 * time.Second
	shortly      = time.Second // what is not answered by then is looked at again later
	resultEnd    = ".result.json"
)

// result is what stands beside a file that was dealt with.
type result struct {
	At       time.Time      `json:"at"`
	Receipts []*bus.Receipt `json:"receipts"`
	Problems []fault.Place  `json:"problems,omitempty"`
}

// folder is a watched folder while it is watched.
type folder struct {
	*Edge
	path  string
	door  Door
	files map[string]glance // as they were when we last looked
}

// glance is how a file was, and when it is to be tried again.
type glance struct {
	size int64
	at   time.Time
	due  time.Time
}

// Watch takes the files that are put into a folder, each one record of a door,
// until ctx ends. A file is taken once it stands unchanged, so that it may be
// written in place; names that begin with a dot or end with .part or .tmp are
// left alone. What the hub accepted goes to done, what it or the translator
// refused to refused, each with a result file beside it. Until then a file stays
// where it is: whenever the process ends, it is taken again, and adds nothing.
func (e *Edge) Watch(ctx context.Context, path string, d Door) error {
	for _, sub := range []string{"done", "refused"} {
		if err := os.MkdirAll(filepath.Join(path, sub), 0o700); err != nil {
			return err
		}
	}
	e.running.Go(func() {
		f := &folder{Edge: e, path: path, door: d, files: map[string]glance{}}
		for ctx.Err() == nil && !e.closed() {
			f.look(ctx)
			e.rest(ctx, lookAtFolder)
		}
	})
	return nil
}

// look takes what did not change since the last time. Names of files are the
// agency's own and may name somebody: none is logged.
func (f *folder) look(ctx context.Context) {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		f.log.Error("a watched folder cannot be read", "agency", f.agency.ID, "route", f.door.Path)
		return
	}
	files := map[string]glance{}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || unfinished(entry.Name()) {
			continue
		}
		was, known := f.files[entry.Name()]
		now := glance{info.Size(), info.ModTime(), was.due}
		if known && was.size == now.size && was.at.Equal(now.at) && !time.Now().Before(now.due) && ctx.Err() == nil && !f.closed() {
			if err := f.file(ctx, entry.Name()); err != nil {
				now.due = time.Now().Add(firstWait)
				f.log.Warn("a file of a watched folder waits", "agency", f.agency.ID, "route", f.door.Path, "kind", kindOf(err))
			}
		}
		files[entry.Name()] = now
	}
	f.files = files
}

func unfinished(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".part") || strings.HasSuffix(name, ".tmp") || strings.HasSuffix(name, resultEnd)
}

// kindOf says of an error what may be logged.
func kindOf(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return string(f.Kind)
	}
	return string(fault.Internal)
}

// file deals with one file. An error leaves it where it is.
func (f *folder) file(ctx context.Context, name string) error {
	raw, err := os.ReadFile(filepath.Join(f.path, name))
	if err != nil {
		return err
	}
	r, err := f.outcome(ctx, raw)
	if err != nil {
		return err
	}
	to := "done"
	if len(r.Problems) > 0 {
		to = "refused"
	}
	return f.move(name, filepath.Join(f.path, to), r)
}

// outcome is what became of a record, once all of it is answered.
func (f *folder) outcome(ctx context.Context, raw []byte) (result, error) {
	r := result{At: time.Now().UTC(), Receipts: []*bus.Receipt{}}
	if len(raw) > maxRecord {
		r.Problems = []fault.Place{{Detail: "A record may have 4 MiB. Hand it in as several."}}
		return r, nil
	}
	ns, err := f.read(ctx, f.door, raw)
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, min(f.patience, shortly))
		defer cancel()
		var as []bus.Answer
		as, err = f.Submit(ctx, ns...)
		err = f.unread(ctx, f.door, raw, err)
		r.add(as)
	}
	if bad, ok := errors.AsType[*fault.Error](err); ok && bad.Kind == fault.Invalid {
		r.Problems = places(bad)
		return r, nil
	}
	return r, err
}

func (r *result) add(as []bus.Answer) {
	for _, a := range as {
		switch {
		case a.Receipt != nil:
			r.Receipts = append(r.Receipts, a.Receipt)
		case a.Refusal != nil:
			for _, p := range a.Refusal.Problems {
				r.Problems = append(r.Problems, fault.Place{Pointer: p.Pointer, Detail: p.Detail, Code: p.Code})
			}
		}
	}
}

// move puts a file into another folder, its result first: whoever finds the file
// there finds the result too.
func (f *folder) move(name, to string, r result) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	free := unused(to, name)
	part := filepath.Join(to, "."+free+".part")
	if err := os.WriteFile(part, append(text, '\n'), 0o600); err != nil {
		return err
	}
	if err := os.Rename(part, filepath.Join(to, free+resultEnd)); err != nil {
		return err
	}
	return os.Rename(filepath.Join(f.path, name), filepath.Join(to, free))
}

// unused is the name, or the name with a number where that was used before.
func unused(dir, name string) string {
	ext := filepath.Ext(name)
	for n, try := 2, name; ; n++ {
		if _, err := os.Lstat(filepath.Join(dir, try)); errors.Is(err, fs.ErrNotExist) {
			return try
		}
		try = strings.TrimSuffix(name, ext) + "-" + strconv.Itoa(n) + ext
	}
}
