package follow

import (
	"context"
	"errors"
	"fmt"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
	"kith/services/internal/sqlite"
)

// passing says whether err may be over when the event is given again.
func passing(ctx context.Context, err error) bool {
	if ctx.Err() != nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	if e, ok := errors.AsType[*fault.Error](err); ok && e.Kind == fault.Unavailable {
		return true
	}
	return errors.Is(err, store.ErrConflict) || sqlite.Passing(err)
}

// code tells errors apart without their text.
func code(err error) string {
	if c, ok := sqlite.Code(err); ok {
		return fmt.Sprintf("sqlite %d", c)
	}
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return string(e.Kind)
	}
	for _, known := range []error{store.ErrConflict, store.ErrReusedID, store.ErrKeyGone, store.ErrNoCause, events.ErrUnknownType,
		context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "other"
}
