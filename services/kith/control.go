package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"kith/services/internal/lock"
)

// control is the socket in a hub's folder by which commands on the same machine
// ask the running hub. Who may open it may read the folder too.
type control struct {
	path   string
	server *http.Server
}

func controlPath(dir string) string { return filepath.Join(dir, "control.sock") }

// openControl listens. Nobody but the owner can ever connect: the socket gets its
// name when its mode is set.
func (h *hub) openControl(ctx context.Context) error {
	l, err := listenControl(h.dir)
	if err != nil {
		h.tel.Log.Warn("kith rebuild and kith status cannot reach this hub", "error", err)
		return nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", h.answerStatus)
	mux.HandleFunc("POST /rebuild", h.answerRebuild)
	mux.HandleFunc("POST /policy", h.answerPolicy)
	mux.HandleFunc("POST /agencies", h.answerApprove)
	mux.HandleFunc("DELETE /agencies", h.answerRevoke)
	mux.HandleFunc("POST /sessions", h.answerSessions)
	mux.HandleFunc("GET /erasures", h.answerErasures)
	mux.HandleFunc("POST /erasures/{verb}", h.answerErasure)
	mux.HandleFunc("POST /holds/{verb}", h.answerHold)
	mux.HandleFunc("GET /webhooks", h.answerWebhooks)
	mux.HandleFunc("POST /webhooks/{agency}/{verb}", h.answerWebhook)
	mux.HandleFunc("GET /regime", h.answerRegime)
	mux.HandleFunc("POST /regime/{verb}", h.changeRegime)
	h.control = &control{controlPath(h.dir), newServer(mux, h.tel.ErrorLog())}
	h.control.server.BaseContext = func(net.Listener) context.Context { return context.WithoutCancel(ctx) }
	go func() { _ = h.control.server.Serve(l) }()
	return nil
}

func listenControl(dir string) (net.Listener, error) {
	hidden, err := os.MkdirTemp(dir, ".c") // only its owner can enter
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(hidden)
	path := filepath.Join(hidden, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	if err := os.Rename(path, controlPath(dir)); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// close ends what was asked for, at once.
func (c *control) close() {
	if c != nil {
		_ = c.server.Close()
		_ = os.Remove(c.path)
	}
}

// errNoHub reports that no hub runs in a folder.
var errNoHub = errors.New("no hub runs there")

// askHub sends a request to the hub that runs in a folder. If there is none, it
// claims the folder for the caller until release, and the error is errNoHub.
func askHub(ctx context.Context, p partnership, method, path string, query url.Values) (body io.ReadCloser, release func(), err error) {
	dir := p.dir
	if !exists(dir, "hub.lock") && !exists(dir, "events.db") {
		return nil, nil, errors.New("there is no hub's data in " + dir + ": name the folder that the hub's configuration names as data")
	}
	if release, err = claim(dir); err == nil && !p.shared() && !exists(dir, "events.db") {
		release()
		return nil, nil, errors.New("no hub runs on " + dir + " and its event log is not there: if that lies in EventStoreDB, give -config")
	}
	if err == nil {
		return nil, release, errNoHub
	}
	if !errors.Is(err, lock.ErrHeld) {
		return nil, nil, err
	}
	c := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		d.Timeout = 5 * time.Second
		return d.DialContext(ctx, "unix", controlPath(dir))
	}}}
	req, err := http.NewRequestWithContext(ctx, method, "http://hub"+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, nil, err
	}
	res, err := c.Do(req)
	if err != nil {
		return nil, nil, errors.Join(errors.New("a hub runs on "+dir+" but cannot be asked: is it still starting, or another user's?"), err)
	}
	if res.StatusCode != http.StatusOK {
		defer res.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(res.Body, 1000))
		return nil, nil, errors.New("the hub says " + res.Status + ": " + string(text))
	}
	return res.Body, nil, nil
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

// lines reads one JSON object a line.
func lines[T any](r io.Reader, each func(T) error) error {
	for d := json.NewDecoder(r); ; {
		var v T
		err := d.Decode(&v)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = each(v)
		}
		if err != nil {
			return err
		}
	}
}
