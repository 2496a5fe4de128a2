package intake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"kith/events"
	"kith/events/store"
)

// Names tells whether a message or a native record of an agency names one of these
// subjects by the number that the agency has for them.
func Names(blind func(domain, value string) string, a events.AgencyID, body []byte, gone map[events.SubjectID]bool) bool {
	apart := func(r rune) bool { return strings.ContainsRune("\"'<>,;|=&{}[]\t\r\n", r) }
	for word := range strings.FieldsFuncSeq(string(body), apart) {
		if word = strings.TrimSpace(word); word != "" && len(word) <= longest && gone[events.SubjectID(blind("subject", string(a)+"\x00"+word))] {
			return true
		}
	}
	return false
}

// Naming are the keys of the days on which a message was refused that names one of
// these subjects.
func (in *Intake) Naming(ctx context.Context, gone map[events.SubjectID]bool) ([]store.KeyID, error) {
	return in.daysWith(ctx, in.now(), func(e events.EventRefused) bool {
		return Names(in.store.Pseudonym, e.Agency, e.Message, gone)
	})
}

// Expired are the keys of the days for which what was refused is not kept any more.
func (in *Intake) Expired(ctx context.Context, now time.Time) ([]store.KeyID, error) {
	return in.daysWith(ctx, now.AddDate(0, 0, -quarantineDays-1), func(events.EventRefused) bool { return true })
}

func (in *Intake) registered() []events.AgencyID {
	in.mu.RLock()
	defer in.mu.RUnlock()
	return slices.Sorted(maps.Keys(in.agencies))
}

// daysWith are the keys of the days up to one on which a message was refused that fits.
func (in *Intake) daysWith(ctx context.Context, until time.Time, fits func(events.EventRefused) bool) (ids []store.KeyID, err error) {
	for _, a := range in.registered() {
		for _, st := range in.days(a, until) {
			for e, err := range in.store.Read(ctx, st, 0) {
				if errors.Is(err, store.ErrKeyGone) {
					break
				}
				if err != nil {
					return nil, fmt.Errorf("read %s: %w", st, err)
				}
				if r, ok := e.Event.(events.EventRefused); ok && fits(r) {
					ids = append(ids, st.Key())
					break
				}
			}
		}
	}
	return ids, nil
}
