package edge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"kith/services/fault"
)

// Source is an address that is asked for records.
type Source struct {
	URL       string
	Every     time.Duration
	TokenFile string // holds a bearer token; read each time, so that it may be renewed. None: no token
}

const slowest = time.Hour // between two questions to a source that fails

// Poll asks a source for records of a door, until ctx ends: for systems that
// cannot send. What it gave is on stable storage before its ETag or date is
// remembered. The same records may come any number of times.
func (e *Edge) Poll(ctx context.Context, s Source, d Door) {
	e.running.Go(func() {
		wait := s.Every
		for ctx.Err() == nil && !e.closed() {
			if err := e.ask(ctx, s, d); err == nil {
				wait = s.Every
			} else if ctx.Err() == nil {
				wait = max(s.Every, min(2*wait, slowest))
				e.log.Warn("a source gives no records", "agency", e.agency.ID, "route", d.Path, "error", err)
			}
			e.rest(ctx, wait)
		}
	})
}

// asker follows no redirect: the token is for the address that was configured.
func asker() *http.Client {
	return &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (e *Edge) ask(ctx context.Context, s Source, d Door) error {
	req, err := e.question(ctx, s)
	if err != nil {
		return err
	}
	res, err := asker().Do(req)
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err // the address is not for the log
	}
	if err != nil {
		return err
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusNotModified, http.StatusNoContent:
		return nil
	case http.StatusOK:
		return e.given(ctx, s, d, res)
	default:
		return fmt.Errorf("it answered %d", res.StatusCode)
	}
}

func (e *Edge) question(ctx context.Context, s Source) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		return nil, errors.New("the address is not one")
	}
	if s.TokenFile != "" {
		token, err := os.ReadFile(s.TokenFile)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	}
	etag, modified, err := e.box.polled(ctx, s.URL)
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	if modified != "" {
		req.Header.Set("If-Modified-Since", modified)
	}
	return req, err
}

// given keeps what a source gave. What cannot be translated is kept as it is, and
// not asked for again until it changes.
func (e *Edge) given(ctx context.Context, s Source, d Door, res *http.Response) error {
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxRecord+1))
	if err != nil {
		return err
	}
	if len(raw) > maxRecord {
		return errTooLarge
	}
	if text := bytes.TrimSpace(raw); len(text) > 0 && string(text) != "[]" {
		ns, err := e.read(ctx, d, raw)
		if err == nil {
			err = e.unread(ctx, d, raw, e.Put(ctx, ns...))
		}
		if kindOf(err) == string(fault.Invalid) {
			e.log.Warn("a source gave what cannot be translated; kith outbox shows it", "agency", e.agency.ID, "route", d.Path)
		} else if err != nil {
			return err
		}
	}
	return e.box.setPolled(ctx, s.URL, res.Header.Get("ETag"), res.Header.Get("Last-Modified"))
}

func (b *outbox) polled(ctx context.Context, url string) (etag, modified string, err error) {
	rs, err := b.Read.QueryContext(ctx, `SELECT etag, modified FROM polled WHERE url = ?`, url)
	if err != nil {
		return "", "", err
	}
	defer rs.Close()
	for rs.Next() {
		err = rs.Scan(&etag, &modified)
	}
	return etag, modified, errors.Join(err, rs.Err())
}

func (b *outbox) setPolled(ctx context.Context, url, etag, modified string) error {
	_, err := b.Write.ExecContext(ctx, `INSERT OR REPLACE INTO polled VALUES (?, ?, ?)`, url, etag, modified)
	return err
}
