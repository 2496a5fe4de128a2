package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// fresh makes a folder, or takes one that is empty.
func fresh(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return empty(dir)
}

// empty reports an error unless dir is not there or holds nothing.
func empty(dir string) error {
	all, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && len(all) > 0 {
		err = fmt.Errorf("%s is not empty; name a folder that is new or empty", dir)
	}
	return err
}

// measure is what the manifest says of a file.
func measure(dir, name string) (File, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return File{Name: filepath.ToSlash(name), Size: n, SHA256: hex.EncodeToString(h.Sum(nil))}, err
}

// take copies a file of a backup and compares it, as it is read, with what the
// manifest says: what was checked is what was taken.
func take(ctx context.Context, from, to string, want File) error {
	src, err := os.Open(filepath.Join(from, filepath.FromSlash(want.Name)))
	if err != nil {
		return fmt.Errorf("%w: %s is missing", ErrNotWhole, want.Name)
	}
	defer src.Close()
	path := filepath.Join(to, filepath.FromSlash(want.Name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	dst, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(dst, h), io.LimitReader(src, want.Size+1))
	err = errors.Join(err, ctx.Err(), dst.Sync(), dst.Close())
	if err != nil {
		return err
	}
	if n != want.Size || hex.EncodeToString(h.Sum(nil)) != want.SHA256 {
		return fmt.Errorf("%w: %s is not what was written: it is damaged or cut off", ErrNotWhole, want.Name)
	}
	return nil
}

// copyPlain copies a file that nobody changes, or that only grows.
func copyPlain(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return write(to, src)
}

// writeFile writes a new file that only its owner can read, and returns when it
// is on stable storage.
func writeFile(path string, b []byte) error { return write(path, bytes.NewReader(b)) }

func write(path string, from io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Sync(), f.Close(), syncDir(filepath.Dir(path)))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// syncDirs puts the names of all that lies below dir on stable storage.
func syncDirs(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return syncDir(path)
	})
}
