package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime/debug"
	"strings"

	"kith/services/internal/backup"
)

// runBackup copies the record of a hub, which may be running.
func runBackup(ctx context.Context, c *call) error {
	data := c.flags.String("data", "", "the hub's folder, as its configuration names it")
	to := c.flags.String("to", "", "new folder for the record: logs, checkpoints, list of destroyed keys; all sealed")
	keysTo := c.flags.String("keys-to", "", "new folder, elsewhere, for the keys and for what is not sealed; to be kept for a short time only")
	from := c.flags.String("keys", "", "where the hub's keys lie, if its configuration names another folder than keys in -data")
	elsewhere := c.flags.Bool("log-elsewhere", false, "event log and ledger are in EventStoreDB, which is backed up by its own means")
	asJSON := c.flags.Bool("json", false, "one JSON object a line")
	if err := c.parse(); err != nil {
		return err
	}
	if *data == "" || *to == "" {
		return c.wrong("-data and -to are needed, for example: kith backup -data data -to /backup/1 -keys-to /keys/1")
	}
	say := speaker{c.out, *asJSON}
	record, keys, err := backup.Make(ctx, backup.Config{Data: *data, To: *to, KeysTo: *keysTo, Keys: *from, Elsewhere: *elsewhere, Version: version(), Progress: say.step})
	if err != nil {
		return err
	}
	if *asJSON {
		return say.line(map[string]any{"record": record, "keys": keys})
	}
	fmt.Fprintf(c.out, "%s is whole: events up to position %d, the ledger up to %d, %d destroyed and %d withheld keys listed\n", *to, record.Events, record.Ledger, record.Erased, record.Hidden)
	if *elsewhere {
		fmt.Fprintln(c.out, "THE LOGS ARE NOT IN IT: back up EventStoreDB as its makers say, before this and not after, so that no key is missing")
	}
	if keys == nil {
		fmt.Fprintln(c.out, "THE KEYS ARE NOT IN IT, nor what waits in the hub's outboxes. Without the keys nobody can ever read it again: name a folder elsewhere with -keys-to")
		return nil
	}
	fmt.Fprintf(c.out, "%s is whole: %d files. Keep it apart from the record, and delete it within 30 days: a key that is destroyed lives on in it\n", *keysTo, len(keys.Files))
	return nil
}

// runRestore puts a backup where a hub can start from it.
func runRestore(ctx context.Context, c *call) error {
	var r backup.RestoreConfig
	c.flags.StringVar(&r.From, "from", "", "the record's backup")
	c.flags.StringVar(&r.KeysFrom, "keys-from", "", "the keys' backup: the newest there is")
	without := c.flags.Bool("without-keys", false, "put no keys back; no hub may start there before they are in place")
	erased := c.flags.String("erased-from", "", "newer record backups, separated by commas: keys destroyed by then stay destroyed")
	c.flags.StringVar(&r.Data, "data", "", "the hub's folder: new or empty")
	c.flags.StringVar(&r.Verifier, "verifier", "", "the hub's public key, to check the signature of the backup; if none is named, the one in -keys-from")
	asJSON := c.flags.Bool("json", false, "one JSON object a line")
	if err := c.parse(); err != nil {
		return err
	}
	if r.From == "" || r.Data == "" || (r.KeysFrom == "") != *without {
		return c.wrong("-from, -data and one of -keys-from and -without-keys are needed, for example: kith restore -from /backup/1 -keys-from /keys/1 -data data")
	}
	if *erased != "" {
		r.ErasedFrom = strings.Split(*erased, ",")
	}
	say := speaker{c.out, *asJSON}
	r.Progress = say.step
	r.Verify = func(ctx context.Context, dir string) error { return verifyRestored(ctx, dir, r.Verifier) }
	r.Purge = purgeRestored
	done, err := backup.Restore(ctx, r)
	if err != nil {
		return err
	}
	if *asJSON {
		return say.line(done)
	}
	say.restored(r.Data, done)
	return nil
}

// verifyRestored is kith verify, before a restored folder gets its name. A record
// whose event log lies elsewhere is not looked at as a whole.
func verifyRestored(ctx context.Context, dir, verifier string) error {
	if !there(filepath.Join(dir, "events.db")) {
		return nil
	}
	a, err := verification{dir: dir, verifier: verifier}.verify(ctx)
	if err != nil || a.Good {
		return err
	}
	for _, l := range a.Logs {
		for _, p := range l.Problems {
			return fmt.Errorf("the record is not what was recorded: %s", p)
		}
	}
	return errors.New(a.KeysBad)
}

// speaker tells people or programs how it goes.
type speaker struct {
	out    io.Writer
	asJSON bool
}

func (s speaker) line(v any) error { return json.NewEncoder(s.out).Encode(v) }

func (s speaker) step(p backup.Step) {
	switch {
	case s.asJSON:
		_ = s.line(p) // the last line says whether it succeeded
	case p.Done:
		fmt.Fprintf(s.out, "%s: %d bytes\n", p.File, p.Bytes)
	default:
		fmt.Fprintf(s.out, "%s: %d bytes so far\n", p.File, p.Bytes)
	}
}

func (s speaker) restored(dir string, r backup.Restored) {
	m := r.Record
	fmt.Fprintf(s.out, "%s holds the record as backed up from %s: events up to position %d, the ledger up to %d\n",
		dir, m.Began.Format("2006-01-02 15:04:05 MST"), m.Events, m.Ledger)
	if !r.Signed {
		fmt.Fprintln(s.out, "WHO MADE THE BACKUP WAS NOT CHECKED: no public key of the hub was at hand; name it with -verifier")
	}
	for _, l := range r.Logs {
		fmt.Fprintf(s.out, "%s: %d payloads open; %d are of destroyed keys\n", l.Log, l.Opened, l.Erased)
		if l.MissingKeys > 0 {
			fmt.Fprintf(s.out, "%s: %d KEYS ARE MISSING, and %d payloads cannot be read: the copy of the keys is older than the log. Is there a newer one?\n", l.Log, l.MissingKeys, l.Missing)
		}
	}
	if r.Keys == nil {
		fmt.Fprintf(s.out, "THERE ARE NO KEYS IN IT: no hub may start before they are in %s/keys\n", dir)
	}
	fmt.Fprintln(s.out, "Read models are built when the hub starts.")
	if m.Elsewhere {
		fmt.Fprintln(s.out, "THE LOGS ARE NOT IN IT: put EventStoreDB back as its makers say, from a backup that is not younger than the keys")
		return
	}
	fmt.Fprintf(s.out, `Events after position %[1]d are not in this backup. Agencies hold receipts for them, and no longer their text: tell each
agency to hand them in again from its own systems; "kith lost -after %[1]d -forget" lists them there. What is still
in an agency's outbox comes by itself. Their witnesses know of later checkpoints and will not cosign until people agree
that the record begins anew. The backup and operations page, docs/operations.md, says how.
`, m.Events)
}

// version is of this program, as it was built.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return cmp.Or(info.Main.Version, "unknown")
}
