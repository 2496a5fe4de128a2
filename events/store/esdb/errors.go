package esdb

import (
	"context"
	"errors"
	"fmt"
	"io"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var (
	// ErrClosed reports the use of a Log after Close.
	ErrClosed = errors.New("log closed")
	// ErrUnreachable reports that the database gave no clear answer. Whether an
	// append was done is then not known: the same append again is right.
	ErrUnreachable = errors.New("event store gave no clear answer")
	// ErrRefused reports that the database knows the user and says no, or does
	// not know the user. It must be allowed to append, and to read $all.
	ErrRefused = errors.New("event store refused the user")
	// ErrTooBig reports a write that is more than the database takes at once.
	ErrTooBig = errors.New("write is bigger than the event store's MaxAppendSize, which can be 16000000 bytes")

	errMoved   = errors.New("stream is not where it was expected")
	errNone    = errors.New("no such stream")
	errDeleted = errors.New("stream was deleted in the event store; nothing of this hub does that")
)

// translate makes errors of the client into ours. Their texts are not shown:
// some say that they cannot say, others quote.
func translate(err error) error {
	var e *client.Error
	switch {
	case err == nil, errors.Is(err, ErrClosed), errors.Is(err, ErrUnreachable), errors.As(err, new(broken)):
		return err
	case errors.As(err, &e):
		return byCode(e)
	case errors.Is(err, io.EOF):
		return io.EOF
	default:
		return byStatus(err)
	}
}

func byCode(e *client.Error) error {
	switch e.Code() {
	case client.ErrorCodeWrongExpectedVersion:
		return errMoved
	case client.ErrorCodeResourceNotFound:
		return errNone
	case client.ErrorCodeStreamDeleted:
		return errDeleted
	case client.ErrorCodeAccessDenied, client.ErrorCodeUnauthenticated:
		return ErrRefused
	case client.ErrorCodeNotLeader:
		return fmt.Errorf("%w: it has a new leader", ErrUnreachable)
	case client.ErrorCodeConnectionClosed, client.ErrorUnavailable:
		return fmt.Errorf("%w: it cannot be reached", errWorn)
	}
	// Code 0 with EOF is an append that was refused while it was being sent: why
	// is lost. ErrorAborted is any trouble of the server's.
	if errors.Is(e, io.EOF) {
		return fmt.Errorf("%w: it broke off an append", ErrUnreachable)
	}
	return byStatus(e.Err())
}

func byStatus(err error) error {
	switch code := status.Code(err); code {
	case codes.InvalidArgument:
		return ErrTooBig
	case codes.PermissionDenied, codes.Unauthenticated:
		return ErrRefused
	case codes.Unavailable:
		return fmt.Errorf("%w: it cannot be reached", errWorn)
	default:
		return fmt.Errorf("%w: code %s", ErrUnreachable, code)
	}
}

// errWorn is an ErrUnreachable after which the client must be replaced.
var errWorn = fmt.Errorf("%w", ErrUnreachable)

// errAbsent is an ErrUnreachable after a search that was long enough.
var errAbsent = fmt.Errorf("%w: it cannot be found", ErrUnreachable)

// gone is why a call did not wait for its answer.
func gone(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return fmt.Errorf("%w within %v", ErrUnreachable, patience)
}
