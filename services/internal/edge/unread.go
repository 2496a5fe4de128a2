package edge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"kith/events"
	"kith/services/fault"
)

// Door is a way in: its path, which names it, and its translator.
type Door struct {
	Path      string
	Translate func([]byte) ([]events.Notice, error)
}

// read makes notices of a record.
func (e *Edge) read(ctx context.Context, d Door, raw []byte) ([]events.Notice, error) {
	ns, err := d.Translate(raw)
	return ns, e.unread(ctx, d, raw, err)
}

// unread passes an error on. A record of which no event can be made is kept for a
// person to look at, once however often it is handed in, before its sender is told
// what is wrong with it.
func (e *Edge) unread(ctx context.Context, d Door, raw []byte, err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.Invalid {
		if err := e.box.keepUnread(ctx, d.Path, raw, places(f)); err != nil {
			return unavailable(err)
		}
	}
	return err
}

// places are where a record is wrong, at least one.
func places(f *fault.Error) []fault.Place {
	if len(f.At) == 0 {
		return []fault.Place{{Detail: f.Text}}
	}
	return f.At
}

func (b *outbox) keepUnread(ctx context.Context, door string, raw []byte, at []fault.Place) error {
	text, err := json.Marshal(at)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(raw)
	_, err = b.Write.ExecContext(ctx, `INSERT INTO unread (digest, door, body, places, kept) VALUES (?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING`,
		hex.EncodeToString(sum[:]), door, raw, string(text), time.Now().Unix())
	return err
}
