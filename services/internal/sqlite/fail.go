package sqlite

import (
	"database/sql"
	"database/sql/driver"
	"errors"

	"modernc.org/sqlite"
)

// Code is SQLite's extended result code, if err comes from SQLite.
func Code(err error) (code int, ok bool) {
	if e, found := errors.AsType[*sqlite.Error](err); found {
		return e.Code(), true
	}
	return 0, false
}

// The primary result codes that say nothing about the statement: the same
// again may well succeed.
const (
	busy        = 5
	locked      = 6
	outOfMemory = 7
	interrupted = 9
	ioError     = 10
	full        = 13
	cannotOpen  = 14
)

// Passing says whether err may be over when the same is done again: the file
// was in use, the disk was full or failing, the connection was lost.
func Passing(err error) bool {
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, sql.ErrTxDone) {
		return true
	}
	code, ok := Code(err)
	if !ok {
		return false
	}
	switch code & 0xff {
	case busy, locked, outOfMemory, interrupted, ioError, full, cannotOpen:
		return true
	default:
		return false
	}
}
