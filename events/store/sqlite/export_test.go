package sqlite

import (
	"context"

	"kith/events/store"
)

// Together appends in one transaction, as the committer does with what waits
// at the same time. Nobody else may be appending.
func Together(l *Log, appends [][]store.Write) ([][]store.Appended, []error) {
	rs := make([]request, len(appends))
	for i, ws := range appends {
		rs[i].writes = ws
	}
	answers, err := l.together(context.Background(), rs)
	at, errs := make([][]store.Appended, len(rs)), make([]error, len(rs))
	for i, a := range answers {
		at[i], errs[i] = a.at, a.err
		if err != nil {
			errs[i] = err
		}
	}
	return at, errs
}

// Tidy moves what was committed into the file, which the log else does by itself.
func Tidy(l *Log) error { return l.file.Tidy(context.Background()) }
