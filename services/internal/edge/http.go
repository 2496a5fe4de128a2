package edge

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/services/fault"
)

const (
	maxRecord  = 4 << 20 // bytes of a native record, which may make many events
	patience   = 10 * time.Second
	typeOfJSON = "application/json"
)

// Handler is the agency's door: POST a native record to a path, and its door
// makes notices of it.
//
// 202 says that the record is durable: {"receipts": [...]}, and "waiting": n if
// the hub has not answered all of it within ten seconds; what is waiting is
// sent nevertheless. 422 lists the hub's complaints, beside the receipts for
// what it did take. A record that could not be translated is kept, and answered
// with 400 and each place. Whoever comes to no door is told which there are. All
// errors are problems (RFC 9457). The same record may be posted any number of
// times. GET /livez answers while the process lives.
func (e *Edge) Handler(doors map[string]func([]byte) ([]events.Notice, error)) http.Handler {
	mux := http.NewServeMux()
	for path, translate := range doors {
		mux.HandleFunc("POST /"+strings.TrimPrefix(path, "/"), func(w http.ResponseWriter, r *http.Request) {
			if err := e.post(w, r, Door{path, translate}); err != nil {
				e.fail(w, err)
			}
		})
	}
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.Handle("/", noDoor(slices.Sorted(maps.Keys(doors))))
	return mux
}

// noDoor answers what is posted elsewhere, or asked of a door.
func noDoor(doors []string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := problem{Type: blank, Title: "There is no such door", Status: http.StatusNotFound,
			Detail: "Send records by POST to one of " + strings.Join(doors, ", ") + "."}
		if slices.Contains(doors, r.URL.Path) {
			w.Header().Set("Allow", http.MethodPost)
			p.Title, p.Status = "A door only takes records", http.StatusMethodNotAllowed
		}
		write(w, p.Status, typeOfProblem, p)
	}
}

func (e *Edge) post(w http.ResponseWriter, r *http.Request, d Door) error {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRecord))
	if err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return errTooLarge
		}
		return &fault.Error{Kind: fault.Invalid, Text: "The record could not be read to its end.", Err: err}
	}
	ns, err := e.read(r.Context(), d, raw)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), e.patience)
	defer cancel()
	as, err := e.Submit(ctx, ns...)
	if err != nil && as == nil {
		return e.unread(r.Context(), d, raw, err)
	}
	answer(w, as)
	return nil
}

// taken is the body of a 202.
type taken struct {
	Receipts []*bus.Receipt `json:"receipts"`
	Waiting  int            `json:"waiting,omitempty"`
}

func answer(w http.ResponseWriter, as []bus.Answer) {
	t := taken{Receipts: []*bus.Receipt{}}
	var refusals []*bus.Refusal
	for _, a := range as {
		switch {
		case a.Receipt != nil:
			t.Receipts = append(t.Receipts, a.Receipt)
		case a.Refusal != nil:
			refusals = append(refusals, a.Refusal)
		default:
			t.Waiting++
		}
	}
	if len(refusals) > 0 {
		refused(w, t, refusals)
		return
	}
	write(w, http.StatusAccepted, typeOfJSON, t)
}

func write(w http.ResponseWriter, status int, contentType string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
