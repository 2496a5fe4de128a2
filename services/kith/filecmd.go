package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"kith/events"
	"kith/services/education/handover"
)

// handFile is all about the child protection file that one school hands to the next.
func handFile(_ context.Context, c *call) error {
	if len(c.args) == 0 || strings.HasPrefix(c.args[0], "-") {
		if err := c.flags.Parse(c.args); err != nil {
			return err
		}
		return c.wrong("say what to do: kith file key, due, export, accept or receipt")
	}
	run := map[string]func(*call) error{
		"key": fileKey, "due": fileDue, "export": fileExport, "accept": fileAccept, "receipt": fileReceipt,
	}[c.args[0]]
	if run == nil {
		return c.wrong("there is no %q: key, due, export, accept or receipt", c.args[0])
	}
	c.args = c.args[1:]
	return run(c)
}

// fileKey makes the key with which a school signs, and prints its public half. Of a
// key that is there it only prints that.
func fileKey(c *call) error {
	path := c.flags.String("key", "", "the file for the private half; it never leaves the school")
	school := c.flags.String("agency", "", "the school's agency id, such as oakfield-school")
	if err := c.parse(); err != nil {
		return err
	}
	if *path == "" || *school == "" {
		return c.wrong("-key and -agency are needed, for example: kith file key -key keys/file.key -agency oakfield-school")
	}
	k, err := readKey(*path)
	if errors.Is(err, fs.ErrNotExist) {
		private, _, e := handover.NewKey(rand.Reader, events.AgencyID(*school))
		if e != nil {
			return e
		}
		if err = writeNewFile(*path, []byte(private+"\n")); err == nil {
			k, err = readKey(*path)
		}
	}
	if err != nil {
		return err
	}
	if string(k.Agency()) != *school {
		return errors.New("the key that is there is another school's")
	}
	fmt.Fprintln(c.out, k.Public())
	return nil
}

// readKey reads the private half of a key.
func readKey(path string) (handover.Key, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return handover.Key{}, fmt.Errorf("read the school's key: %w", err)
	}
	return handover.ReadKey(string(text))
}

// fileDue says by when a file has to be handed over.
func fileDue(c *call) error {
	starts := c.flags.String("starts", "", "the child's first day at the new school, such as 2026-11-23")
	calendar := c.flags.String("calendar", "", "file with the school's terms and closures; docs/integrators.md shows one")
	if err := c.parse(); err != nil {
		return err
	}
	if *starts == "" || *calendar == "" {
		return c.wrong("-starts and -calendar are needed")
	}
	due, err := dueBy(*starts, *calendar)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, due)
	return nil
}

func dueBy(starts, calendar string) (events.Date, error) {
	var terms handover.Calendar
	if err := load(calendar, &terms); err != nil {
		return "", err
	}
	return handover.Due(events.Date(starts), terms)
}

// writeNewFile puts a file in place, whole, readable by its owner only and on stable
// storage, unless there is one.
func writeNewFile(path string, data []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// answerFile prints an answer: as one JSON object, or in words.
func answerFile(w io.Writer, asJSON bool, v any, words string) error {
	if asJSON {
		return json.NewEncoder(w).Encode(v)
	}
	_, err := fmt.Fprintln(w, words)
	return err
}
