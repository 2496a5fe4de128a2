package witness

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// folder keeps small files. After a power cut each is as it was before put, or
// as it is after, and once put has returned it is as after.
type folder struct {
	dir  string
	sync func(*os.File) error // a test may stand in for the disk
}

// newFolder makes the folder if it is not there, for its owner only.
func newFolder(dir string) (folder, error) {
	f := folder{dir, (*os.File).Sync}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return f, err
	}
	return f, f.syncDir(filepath.Dir(dir))
}

// put writes a file. One file has one writer at a time.
func (f folder) put(name string, data []byte) error {
	path := filepath.Join(f.dir, name)
	w, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	if err == nil {
		err = f.sync(w)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return f.syncDir(f.dir)
}

// get reads a file; there is nothing in one that is not there.
func (f folder) get(name string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(f.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

func (f folder) syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.sync(d), d.Close())
}
