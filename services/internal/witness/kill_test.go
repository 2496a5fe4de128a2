package witness

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// asWitness makes the test's own program be a witness, so that a real process
// can be killed: it names the folder, and asWitnessOf the hub's public key.
const (
	asWitness   = "KITH_TEST_RUN_AS_WITNESS"
	asWitnessOf = "KITH_TEST_RUN_AS_WITNESS_OF"
)

func TestMain(m *testing.M) {
	if os.Getenv(asWitness) == "" {
		os.Exit(m.Run())
	}
	k, err := OpenKey(filepath.Join(os.Getenv(asWitness), "witness.key"), "northshire-police")
	if err != nil {
		panic(err)
	}
	w, err := Open(Config{Dir: os.Getenv(asWitness), Key: k, Verifier: os.Getenv(asWitnessOf), Origins: []string{origin}, Now: time.Now})
	if err != nil {
		panic(err)
	}
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var body []byte
		if in.Decode(&body) != nil {
			return
		}
		status, text := w.Add(body)
		if out.Encode(answered{status, text}) != nil {
			return
		}
	}
}

type answered struct {
	Status int
	Text   []byte
}

// process is a witness that can be killed.
type process struct {
	cmd *exec.Cmd
	in  *json.Encoder
	out *json.Decoder
}

func startWitness(t *testing.T, dir string, hub hubKey) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asWitness+"="+dir, asWitnessOf+"="+hub.verifier)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &process{cmd, json.NewEncoder(in), json.NewDecoder(out)}
}

// ask is as good as a hub that loses the connection: no answer is an answer.
func (p *process) ask(body []byte) (answered, error) {
	var a answered
	if err := p.in.Encode(body); err != nil {
		return a, err
	}
	return a, p.out.Decode(&a)
}

// A witness is killed with -9 wherever it is: comparing, keeping, or about to
// answer. Started again it holds at least what anybody has its cosignature on,
// refuses a fork from there, and goes on with the true history.
func TestKilledWitness(t *testing.T) {
	kills := 20
	if os.Getenv("KITH_SOAK") == "1" {
		kills = 500
	}
	hub, dir := newHubKey(t), t.TempDir()
	h, held, unheard := new(history), int64(0), 0
	for range kills {
		p := startWitness(t, dir, hub)
		h.grow(t, "a", 500)
		if fork := new(history).grow(t, "b", h.size); held > 0 { // it believes the first it sees
			if a, err := p.ask(hub.asks(t, fork, held, fork.size)); err != nil || a.Status == http.StatusOK {
				t.Fatalf("a fork after a kill: %v %+v", err, a)
			}
		}
		var stopped atomic.Bool
		timer := time.AfterFunc(time.Duration(rand.IntN(20000))*time.Microsecond, func() {
			stopped.Store(true)
			_ = p.cmd.Process.Kill()
		})
		for !stopped.Load() {
			next := min(held+1+rand.Int64N(3), h.size)
			a, err := p.ask(hub.asks(t, h, held, next))
			if err != nil {
				if err != io.EOF {
					t.Log(err)
				}
				break
			}
			if a.Status == http.StatusConflict { // killed between keeping and answering, the last time
				n, ok := parseSize(string(a.Text[:len(a.Text)-1]))
				if !ok || n < held {
					t.Fatalf("it holds %s, and cosigned %d", a.Text, held)
				}
				held, unheard = n, unheard+1
				continue
			}
			if a.Status != http.StatusOK {
				t.Fatalf("%d %s", a.Status, a.Text)
			}
			held = next
		}
		timer.Stop()
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
	t.Logf("%d kills: 0 cosigned checkpoints forgotten, %d kept that nobody heard of", kills, unheard)
}
