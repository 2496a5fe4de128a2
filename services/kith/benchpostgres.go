package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// postgreSQL is an installation to compare with. Each run is a cluster of its
// own, which listens on a socket in its folder only.
type postgreSQL struct {
	bin     string
	version string
	as      *syscall.Credential // PostgreSQL refuses to run as root
}

// findPostgreSQL looks where Debian and most others put it.
func findPostgreSQL() (postgreSQL, bool) {
	places, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if p, err := exec.LookPath("pgbench"); err == nil {
		places = append(places, p)
	}
	for _, p := range places {
		pg := postgreSQL{bin: filepath.Dir(p)}
		if _, err := os.Stat(filepath.Join(pg.bin, "initdb")); err != nil {
			continue
		}
		out, err := exec.Command(filepath.Join(pg.bin, "postgres"), "--version").Output()
		if err != nil || !pg.unprivileged() {
			continue
		}
		pg.version = regexp.MustCompile(`[0-9][0-9.]*`).FindString(string(out))
		return pg, true
	}
	return postgreSQL{}, false
}

// unprivileged finds the user to run as, where we are root.
func (pg *postgreSQL) unprivileged() bool {
	if os.Geteuid() != 0 {
		return true
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return false
	}
	uid, uerr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gerr := strconv.ParseUint(u.Gid, 10, 32)
	pg.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return uerr == nil && gerr == nil
}

const pgTable = `CREATE TABLE events (position bigserial PRIMARY KEY, id uuid NOT NULL, stream text NOT NULL, revision bigint NOT NULL,
	type text NOT NULL, at timestamptz NOT NULL, cause text NOT NULL, data bytea NOT NULL, UNIQUE (stream, revision))`

const pgInsert = `\set stream random(1, 1000000000)
\set revision random(1, 1000000000)
INSERT INTO events (id, stream, revision, type, at, cause, data)
VALUES (gen_random_uuid(), 'subject-' || :stream, :revision, 'bench.v1', now(), '{"by":"bench","for":"bench","because":"bench"}', decode(repeat('00', 1024), 'hex'));
`

func (pg postgreSQL) run(ctx context.Context, dir string, until time.Time) (n int, err error) {
	home, data, script := filepath.Join(dir, "pg"), filepath.Join(dir, "pg", "data"), filepath.Join(dir, "pg", "insert.sql")
	if err := pg.home(dir, home); err != nil {
		return 0, err
	}
	if err := os.WriteFile(script, []byte(pgInsert), 0o644); err != nil {
		return 0, err
	}
	if _, err := pg.do(ctx, "initdb", "-D", data, "-A", "trust", "-U", "bench"); err != nil {
		return 0, err
	}
	seconds := max(1, int(time.Until(until).Seconds()+0.5))
	settings := "-c listen_addresses= -c unix_socket_directories=" + home + " -c fsync=on -c synchronous_commit=on -c shared_buffers=256MB"
	if _, err := pg.do(ctx, "pg_ctl", "-D", data, "-w", "-l", filepath.Join(home, "log"), "-o", settings, "start"); err != nil {
		return 0, err
	}
	defer func() {
		if _, stop := pg.do(context.WithoutCancel(ctx), "pg_ctl", "-D", data, "-m", "immediate", "stop"); err == nil {
			err = stop
		}
	}()
	if _, err := pg.do(ctx, "psql", "-h", home, "-U", "bench", "-d", "postgres", "-c", pgTable); err != nil {
		return 0, err
	}
	out, err := pg.do(ctx, "pgbench", "-h", home, "-U", "bench", "-n", "-c", "32", "-j", "2", "-M", "prepared", "-T", fmt.Sprint(seconds), "-f", script, "postgres")
	return pgCount(out, seconds), err
}

func (pg postgreSQL) home(dir, home string) error {
	if err := os.Mkdir(home, 0o700); err != nil || pg.as == nil {
		return err
	}
	for d := dir; d != filepath.Dir(d) && d != os.TempDir(); d = filepath.Dir(d) {
		if i, err := os.Stat(d); err == nil && i.Mode().Perm()&0o001 == 0 {
			if err := os.Chmod(d, i.Mode().Perm()|0o011); err != nil {
				return err
			}
		}
	}
	return os.Chown(home, int(pg.as.Uid), int(pg.as.Gid))
}

func (pg postgreSQL) do(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(pg.bin, program), args...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: pg.as}
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", program, err)
	}
	return string(out), nil
}

// pgCount reads how many transactions were done. pgbench's own rate leaves out
// the time to connect; ours is over the whole turn, as everybody's is.
func pgCount(out string, seconds int) int {
	m := regexp.MustCompile(`tps = ([0-9.]+)`).FindStringSubmatch(out)
	if m == nil {
		return 0
	}
	tps, err := strconv.ParseFloat(strings.TrimSpace(m[1]), 64)
	if err != nil {
		return 0
	}
	return int(tps * float64(seconds))
}
