package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// rows yields the rows of the table in the order of its key.
func (t table) rows(ctx context.Context, db *sql.DB) iter.Seq2[[]value, error] {
	return func(yield func([]value, error) bool) {
		q := "SELECT " + quoted(t.columns) + " FROM " + quoted([]string{t.name}) + " ORDER BY " + quoted(t.key)
		rows, err := db.QueryContext(ctx, q)
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = rows.Close() }()
		into, row := make([]any, len(t.columns)), make([]value, len(t.columns))
		for i := range into {
			into[i] = new(any)
		}
		for rows.Next() {
			err := rows.Scan(into...)
			for i := 0; i < len(into) && err == nil; i++ {
				row[i], err = valueOf(*into[i].(*any))
			}
			if !yield(slices.Clone(row), err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// difference walks through the table in both files side by side.
func (t table) difference(ctx context.Context, a, b *sql.DB) (string, error) {
	nextA, stopA := iter.Pull2(t.rows(ctx, a))
	defer stopA()
	nextB, stopB := iter.Pull2(t.rows(ctx, b))
	defer stopB()
	for {
		ra, errA, okA := nextA()
		rb, errB, okB := nextB()
		if errA != nil || errB != nil {
			return "", fmt.Errorf("compare table %s: %w", t.name, cmp.Or(errA, errB))
		}
		switch {
		case !okA && !okB:
			return "", nil
		case !okA:
			return t.where(rb), nil
		case !okB:
			return t.where(ra), nil
		case !slices.EqualFunc(ra, rb, value.equal):
			if t.order(rb, ra) < 0 {
				ra = rb
			}
			return t.where(ra), nil
		}
	}
}

func (v value) equal(w value) bool { return v.kind == w.kind && bytes.Equal(v.data, w.data) }

// order compares two rows by their keys.
func (t table) order(a, b []value) int {
	for _, k := range t.key {
		i := slices.Index(t.columns, k)
		if c := int(a[i].kind) - int(b[i].kind); c != 0 {
			return c
		}
		if c := bytes.Compare(a[i].data, b[i].data); c != 0 {
			return c
		}
	}
	return 0
}

// where names a row by its table and key.
func (t table) where(row []value) string {
	var parts []string
	for _, k := range t.key {
		if v := row[slices.Index(t.columns, k)]; v.kind == 'i' {
			parts = append(parts, fmt.Sprintf("%s=%d", k, v.number()))
		} else {
			parts = append(parts, fmt.Sprintf("%s=%q", k, v.data))
		}
	}
	return "table " + t.name + ", row " + strings.Join(parts, ", ")
}
