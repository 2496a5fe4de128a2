package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"hash"
	"math"
	"slices"
	"strings"
)

// Digest says what a file holds, so that two files can be compared. It does not
// depend on how the rows came to be there, nor on anything of SQLite's.
type Digest struct {
	Sum    [sha256.Size]byte // over the tables
	Tables []TableDigest     // by name
}

// TableDigest is one table's.
type TableDigest struct {
	Name string
	Rows int
	Sum  [sha256.Size]byte
}

// Digest reads every row of every table in the order of its primary key. Ignore
// names what is not compared: a table, or a column as "table.column". It is of
// one moment only if nobody writes meanwhile.
func (db *DB) Digest(ctx context.Context, ignore ...string) (Digest, error) {
	var d Digest
	all, err := tables(ctx, db.Read, ignore)
	if err != nil {
		return d, fmt.Errorf("digest: %w", err)
	}
	over := sha256.New()
	for _, t := range all {
		h, n := sha256.New(), 0
		_, err := fmt.Fprintf(h, "%q %q\n", t.name, t.columns)
		for row, rerr := range t.rows(ctx, db.Read) {
			if err = rerr; err != nil {
				break
			}
			n++
			write(h, row)
		}
		if err != nil {
			return d, fmt.Errorf("digest of table %s: %w", t.name, err)
		}
		sum := TableDigest{Name: t.name, Rows: n, Sum: [sha256.Size]byte(h.Sum(nil))}
		d.Tables = append(d.Tables, sum)
		over.Write(sum.Sum[:])
	}
	d.Sum = [sha256.Size]byte(over.Sum(nil))
	return d, nil
}

// Difference names the first row in which two files differ, by its table and
// key, or "" if they hold the same. It ignores what Digest ignores.
func Difference(ctx context.Context, a, b *DB, ignore ...string) (string, error) {
	as, err := tables(ctx, a.Read, ignore)
	if err != nil {
		return "", fmt.Errorf("compare: %w", err)
	}
	bs, err := tables(ctx, b.Read, ignore)
	if err != nil {
		return "", fmt.Errorf("compare: %w", err)
	}
	for i, t := range as {
		if i >= len(bs) || bs[i].name != t.name || !slices.Equal(bs[i].columns, t.columns) {
			return "the table " + t.name + " itself", nil
		}
		where, err := t.difference(ctx, a.Read, b.Read)
		if err != nil || where != "" {
			return where, err
		}
	}
	if len(bs) > len(as) {
		return "the table " + bs[len(as)].name + " itself", nil
	}
	return "", nil
}

// table is what is compared of one.
type table struct {
	name    string
	columns []string
	key     []string // of columns; all of them where there is no primary key
}

// value is one column of a row: a type and its bytes.
type value struct {
	kind byte
	data []byte
}

func tables(ctx context.Context, db *sql.DB, ignore []string) ([]table, error) {
	names, err := list(ctx, db, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	var ts []table
	for _, name := range names {
		if slices.Contains(ignore, name) {
			continue
		}
		t := table{name: name}
		if t.columns, err = list(ctx, db, `SELECT name FROM pragma_table_info(?) ORDER BY cid`, name); err != nil {
			return nil, err
		}
		if t.key, err = list(ctx, db, `SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk`, name); err != nil {
			return nil, err
		}
		t.columns = slices.DeleteFunc(t.columns, func(c string) bool { return slices.Contains(ignore, name+"."+c) })
		if len(t.key) == 0 {
			t.key = t.columns
		}
		ts = append(ts, t)
	}
	return ts, nil
}

func list(ctx context.Context, db *sql.DB, query string, args ...any) (all []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

func quoted(names []string) string {
	qs := make([]string, len(names))
	for i, n := range names {
		qs[i] = `"` + strings.ReplaceAll(n, `"`, `""`) + `"`
	}
	return strings.Join(qs, ", ")
}

func write(h hash.Hash, row []value) {
	var head [9]byte
	for _, v := range row {
		head[0] = v.kind
		binary.BigEndian.PutUint64(head[1:], uint64(len(v.data)))
		h.Write(head[:])
		h.Write(v.data)
	}
}

// valueOf gives what SQLite can hold one form each.
func valueOf(v any) (value, error) {
	switch v := v.(type) {
	case nil:
		return value{kind: 'n'}, nil
	case int64:
		return value{'i', binary.BigEndian.AppendUint64(nil, uint64(v)^1<<63)}, nil
	case float64:
		return value{'f', binary.BigEndian.AppendUint64(nil, math.Float64bits(v))}, nil
	case string:
		return value{'t', []byte(v)}, nil
	case []byte:
		return value{'z', v}, nil
	default:
		return value{}, fmt.Errorf("a column holds a %T", v)
	}
}

func (v value) number() int64 { return int64(binary.BigEndian.Uint64(v.data) ^ 1<<63) }
