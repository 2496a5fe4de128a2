package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"kith/events/bus"
)

// pour has another process of this program publish so many times the quota for
// as long as the others offer, and returns how many events it published. Where
// there is nice(1) that process gets only what others leave of the processors.
func (f *flood) pour(ctx context.Context, times int) (int, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	args := []string{self, "bench", "pour", "-nats", f.url, "-creds", f.creds, "-seconds", strconv.Itoa(f.seconds),
		"-rate", strconv.Itoa(times * quotaOfFlood), "-from", strconv.Itoa(f.poured)}
	if nice, err := exec.LookPath("nice"); err == nil {
		args = append([]string{nice, "-n", "19"}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("the flood: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(string(out)))
}

// pours is that process: so many events a second, in batches, from the event with
// the number from on. It prints how many were published.
func (b benchmark) pours(out io.Writer, nats, creds string, from int) error {
	if nats == "" || creds == "" {
		return errors.New("kith bench flood starts this: it needs -nats and -creds")
	}
	link, err := bus.Connect(b.ctx, bus.Link{URL: nats, Creds: creds, Agency: benchPolice})
	if err != nil {
		return err
	}
	defer link.Close()
	const batches = 10 // a second
	start, poured := time.Now(), 0
	for n := range b.seconds * batches {
		time.Sleep(time.Until(start.Add(time.Duration(n) * time.Second / batches)))
		ms, err := flooding(from+poured, b.rate/batches)
		if err != nil {
			return err
		}
		if err := link.Publish(b.ctx, ms...); err != nil {
			return err
		}
		poured += len(ms)
	}
	_, err = fmt.Fprintln(out, poured)
	return err
}

// flooding are events with numbers of their own.
func flooding(from, count int) ([]bus.Message, error) {
	ms := make([]bus.Message, count)
	for i := range ms {
		notice := benchNotice((from+i)%benchChildren, from+i)
		notice.ID = fmt.Sprintf("flood-%d", from+i)
		e, err := bus.NewEvent("urn:kith:agency:"+string(benchPolice), notice)
		if err == nil {
			ms[i], err = bus.Structured(e)
		}
		if err != nil {
			return nil, err
		}
	}
	return ms, nil
}
