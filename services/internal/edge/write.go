package edge

import "context"

// put is what one caller wants to be kept.
type put struct {
	rows []row
	done chan error
}

const largestPut = 1000 // rows in one transaction, give or take one caller's

// keep returns when the rows are on stable storage.
func (e *Edge) keep(ctx context.Context, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	p := &put{rows, make(chan error, 1)}
	select {
	case e.in <- p:
	case <-e.stopped:
		return unavailable(errClosed)
	case <-ctx.Done():
		return unavailable(ctx.Err())
	}
	if err := <-p.done; err != nil {
		return unavailable(err)
	}
	return nil
}

// write keeps rows for everybody who waits, in one transaction: while one is
// synced to the disk, the next gathers.
func (e *Edge) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case p := <-e.in:
			ps := e.gather(p)
			var rows []row
			for _, p := range ps {
				rows = append(rows, p.rows...)
			}
			err := e.box.insert(context.WithoutCancel(ctx), rows)
			for _, p := range ps {
				p.done <- err
			}
			e.nudge()
		}
	}
}

func (e *Edge) gather(first *put) []*put {
	ps, n := []*put{first}, len(first.rows)
	for n < largestPut {
		select {
		case p := <-e.in:
			ps, n = append(ps, p), n+len(p.rows)
		default:
			return ps
		}
	}
	return ps
}

// nudge tells forward to look again.
func (e *Edge) nudge() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}
