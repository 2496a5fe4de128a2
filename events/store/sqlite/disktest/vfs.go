package disktest

import (
	"errors"
	"path/filepath"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLite knows file systems by tables of functions, for the whole process. What
// is below is the one place where ours are put into such a table: a copy of the
// "unix" file system, in which the functions that change a file are replaced,
// is made the default. Files that belong to no Disk pass through untouched.
var world struct {
	sync.Mutex
	installed bool
	disks     []*Disk
	open      map[uintptr]*handle // by the address of SQLite's file object
	tables    map[uintptr]uintptr // the replaced table for each original one

	xOpen   func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32
	xDelete func(tls *libc.TLS, vfs, name uintptr, syncDir int32) int32
}

// handle is an open file of a Disk.
type handle struct {
	disk *Disk
	path string
	real *sqlite3.Tsqlite3_io_methods
}

// at reads an address that SQLite gave as a pointer to a T.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

// function reads an entry of a table as a function of type F.
func function[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&p)) }

// entry is the reverse; f is a function of this package, which never moves.
func entry[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// install puts the replaced file system in place, once for the process.
func install() error {
	world.Lock()
	defer world.Unlock()
	if world.installed {
		return nil
	}
	tls := libc.NewTLS()
	defer tls.Close()
	unix, err := libc.CString("unix")
	if err != nil {
		return err
	}
	found := sqlite3.Xsqlite3_vfs_find(tls, unix)
	size := unsafe.Sizeof(sqlite3.Tsqlite3_vfs{})
	mine := libc.Xmalloc(tls, libc.Tsize_t(size))
	name, err := libc.CString("kith-disktest")
	if found == 0 || mine == 0 || err != nil {
		return errors.New("disktest: SQLite has no unix file system here")
	}
	v := at[sqlite3.Tsqlite3_vfs](mine)
	*v = *at[sqlite3.Tsqlite3_vfs](found)
	world.xOpen = function[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](v.FxOpen)
	world.xDelete = function[func(*libc.TLS, uintptr, uintptr, int32) int32](v.FxDelete)
	v.FzName, v.FxOpen, v.FxDelete = name, entry(xOpen), entry(xDelete)
	if rc := sqlite3.Xsqlite3_vfs_register(tls, mine, 1); rc != sqlite3.SQLITE_OK {
		return errors.New("disktest: SQLite refuses the file system")
	}
	world.installed, world.open, world.tables = true, map[uintptr]*handle{}, map[uintptr]uintptr{}
	return nil
}

// disk finds whose a path is; nil if nobody's.
func disk(path string) *Disk {
	world.Lock()
	defer world.Unlock()
	for _, d := range world.disks {
		if rel, err := filepath.Rel(d.dir, path); err == nil && filepath.IsLocal(rel) {
			return d
		}
	}
	return nil
}

func handleOf(file uintptr) *handle {
	world.Lock()
	defer world.Unlock()
	return world.open[file]
}

// replaced is the table of a file with our functions in it.
func replaced(tls *libc.TLS, real uintptr) uintptr {
	if t, ok := world.tables[real]; ok {
		return t
	}
	p := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_io_methods{})))
	m := at[sqlite3.Tsqlite3_io_methods](p)
	*m = *at[sqlite3.Tsqlite3_io_methods](real)
	m.FxClose, m.FxWrite, m.FxTruncate, m.FxSync = entry(xClose), entry(xWrite), entry(xTruncate), entry(xSync)
	world.tables[real] = p
	return p
}

func xOpen(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32 {
	var d *Disk
	var path string
	if name != 0 {
		path = libc.GoString(name)
		d = disk(path)
	}
	if d == nil {
		return world.xOpen(tls, vfs, name, file, flags, out)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	before := exists(path)
	rc := world.xOpen(tls, vfs, name, file, flags, out)
	if rc != sqlite3.SQLITE_OK || at[sqlite3.Tsqlite3_file](file).FpMethods == 0 {
		return rc
	}
	d.opened(path, before)
	world.Lock()
	defer world.Unlock()
	f := at[sqlite3.Tsqlite3_file](file)
	world.open[file] = &handle{d, path, at[sqlite3.Tsqlite3_io_methods](f.FpMethods)}
	f.FpMethods = replaced(tls, f.FpMethods)
	return rc
}

func xClose(tls *libc.TLS, file uintptr) int32 {
	h := handleOf(file)
	world.Lock()
	delete(world.open, file)
	world.Unlock()
	return function[func(*libc.TLS, uintptr) int32](h.real.FxClose)(tls, file)
}

func xWrite(tls *libc.TLS, file, buf uintptr, n int32, offset int64) int32 {
	h := handleOf(file)
	write := function[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](h.real.FxWrite)
	return h.disk.call(op{kind: written, path: h.path, offset: offset, data: unsafe.Slice(at[byte](buf), n)},
		func(o op) int32 { return write(tls, file, buf, int32(len(o.data)), offset) })
}

func xTruncate(tls *libc.TLS, file uintptr, size int64) int32 {
	h := handleOf(file)
	return h.disk.call(op{kind: truncated, path: h.path, offset: size}, func(op) int32 {
		return function[func(*libc.TLS, uintptr, int64) int32](h.real.FxTruncate)(tls, file, size)
	})
}

// xSync does not trouble the real disk: what is on stable storage is what the
// Disk says.
func xSync(_ *libc.TLS, file uintptr, _ int32) int32 {
	h := handleOf(file)
	return h.disk.call(op{kind: synced, path: h.path}, func(op) int32 { return sqlite3.SQLITE_OK })
}

func xDelete(tls *libc.TLS, vfs, name uintptr, syncDir int32) int32 {
	path := libc.GoString(name)
	d := disk(path)
	if d == nil {
		return world.xDelete(tls, vfs, name, syncDir)
	}
	return d.call(op{kind: deleted, path: path, dir: syncDir != 0}, func(op) int32 { return world.xDelete(tls, vfs, name, 0) })
}
