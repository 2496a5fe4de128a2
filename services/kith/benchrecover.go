package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// recovery kills a hub with -9 that holds many events, about a tenth as many
// children, and all their read models, starts it again and times it until it is
// ready. The files are in the system's cache, as after any kill of a process.
func (b benchmark) recovery(dir string) error {
	children := max(1, b.events/10)
	began := time.Now()
	last, err := fill(b.ctx, filepath.Join(dir, "hub"), b.events, children)
	if err != nil {
		return fmt.Errorf("fill the log: %w", err)
	}
	filled := float64(last) / time.Since(began).Seconds()
	first, err := b.startHub(dir)
	if err != nil {
		return err
	}
	built, err := first.memory(b.ctx)
	if err = errors.Join(err, first.kill()); err != nil {
		return err
	}
	again, err := b.startHub(dir)
	if err != nil {
		return err
	}
	defer again.kill()
	held, err := again.memory(b.ctx)
	if err != nil {
		return err
	}
	cond := conditions("what", fmt.Sprintf("%d events, %d children, after kill -9", last, children), "events", fmt.Sprint(last), "children", fmt.Sprint(children))
	for _, m := range []measurement{
		{"recover", "ready_seconds", again.ready.Seconds(), "s", cond},
		{"recover", "rss_mb", held.rss, "MB", cond},
		{"recover", "heap_mb", held.heap, "MB", cond},
		{"recover", "children", float64(children), "1", cond},
		{"recover", "build_rss_mb", built.rss, "MB", cond}, // once the read models were built from nothing
		{"recover", "build_events_per_second", float64(last) / first.ready.Seconds(), "1/s", cond},
		{"recover", "fill_events_per_second", filled, "1/s", cond},
	} {
		if err := b.print(m); err != nil {
			return err
		}
	}
	return nil
}

// hubProcess is a real hub, of this program.
type hubProcess struct {
	cmd         *exec.Cmd
	addr, admin string
	ready       time.Duration // from its start until it said that it is
}

func (b benchmark) startHub(dir string) (*hubProcess, error) {
	conf, err := json.Marshal(map[string]any{"addr": "127.0.0.1:0", "adminAddr": "127.0.0.1:0", "data": filepath.Join(dir, "hub"),
		"nats": map[string]any{"listen": "127.0.0.1:0"}, "agencies": northshire(), "authority": authority})
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "hub.json")
	if err := os.WriteFile(file, conf, 0o600); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &hubProcess{cmd: exec.CommandContext(b.ctx, self, "hub", "-config", file)}
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && p.addr == "" {
		fmt.Sscanf(lines.Text(), "kith hub: serving on %s metrics on %s", &p.addr, &p.admin)
	}
	p.addr = strings.TrimSuffix(p.addr, ",")
	if err := p.wait(b.ctx); err != nil {
		return nil, errors.Join(err, p.kill())
	}
	p.ready = time.Since(began)
	return p, nil
}

// kill is kill -9. It waits until the process is gone.
func (p *hubProcess) kill() error {
	err := p.cmd.Process.Kill()
	_ = p.cmd.Wait() // it says that it was killed
	return err
}

const readyWithin = time.Hour // to build all read models of many events

func (p *hubProcess) wait(ctx context.Context) error {
	if p.addr == "" {
		return errors.New("the hub did not start")
	}
	for end := time.Now().Add(readyWithin); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		res, err := ask(ctx, "http://"+p.addr+"/readyz")
		if err != nil {
			return err
		}
		if err := discard(res.Body); err != nil {
			return err
		}
		if res.StatusCode == http.StatusOK {
			return nil
		}
	}
	return errors.New("the hub did not become ready")
}

func ask(ctx context.Context, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(req)
}

// memory is what a process uses, in MB of 1,000,000 bytes: all of it, and what of it is Go's heap.
type memory struct{ rss, heap float64 }

func (p *hubProcess) memory(ctx context.Context) (m memory, err error) {
	res, err := ask(ctx, "http://"+p.admin+"/metrics")
	if err != nil {
		return m, err
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		into := map[string]*float64{"process_resident_memory_bytes": &m.rss, "go_memstats_heap_inuse_bytes": &m.heap}[name]
		if into == nil {
			continue
		}
		if *into, err = strconv.ParseFloat(value, 64); err != nil {
			return m, err
		}
		*into /= 1_000_000
	}
	return m, lines.Err()
}
