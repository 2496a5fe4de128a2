package keys

import (
	"io"
	"os"
	"path/filepath"
)

// erasures tells all processes that have the folder open that a key is gone:
// each time its file grows by a byte. To ask costs one system call and no disk,
// so that it can be asked before every use of a key. It says nothing else, and
// may begin anew when no process runs.
type erasures struct {
	file *os.File
}

// openErasures opens the file, and tells once: whoever erased a key and died
// before telling did not tell.
func openErasures(dir string) (*erasures, error) {
	f, err := os.OpenFile(filepath.Join(dir, "destroyed"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	d := &erasures{f}
	if err := d.tell(); err != nil {
		_ = f.Close()
		return nil, err
	}
	return d, nil
}

func (d *erasures) tell() error {
	_, err := d.file.Write([]byte{0})
	return err
}

func (d *erasures) count() (int64, error) { return d.file.Seek(0, io.SeekEnd) }

func (d *erasures) close() error { return d.file.Close() }
