package gateway

import (
	"net/http"
	"strconv"

	"kith/events/bus"
	"kith/services/fault"
	"kith/services/intake"
)

// submitted is the answer to a submission that was accepted whole.
type submitted struct {
	Reference string        `json:"reference,omitempty"`
	Receipts  []bus.Receipt `json:"receipts"`
}

func (submitted) open() {}

// receiptAnswer is one receipt.
type receiptAnswer struct{ bus.Receipt }

func (receiptAnswer) open() {}

// postEvents is the CloudEvents HTTP binding: binary, structured and batched.
func (g *Gateway) postEvents(w http.ResponseWriter, r *http.Request, c *caller) error {
	body, err := readBody(w, r, batchBody)
	if err != nil {
		return err
	}
	ms, err := bus.FromHTTP(r.Header, body)
	if err != nil {
		return &fault.Error{Kind: fault.Invalid, Err: err,
			Text: "This is no CloudEvent: send one in binary or structured mode, or a batch (CloudEvents HTTP binding)."}
	}
	if err := fitting(ms); err != nil {
		return err
	}
	if err := g.quotas.take(w.Header(), g.Limits, c.Reader.Agency, len(ms), len(body)); err != nil {
		return err
	}
	answers, err := g.Submit(r.Context(), c.Reader.Agency, ms)
	if err != nil {
		return err
	}
	receipts, err := accepted(answers)
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusAccepted, jsonType, submitted{Receipts: receipts})
}

// fitting refuses a request that holds an event which is larger than any hub takes.
func fitting(ms []bus.Message) error {
	for i, m := range ms {
		if len(m.Body) <= intake.MaxMessage {
			continue
		}
		at := fault.Place{Detail: "Give at most 256 KiB, and a reference to what is large instead of the thing itself."}
		if len(ms) > 1 {
			at.Pointer = "/" + strconv.Itoa(i)
		}
		return &fault.Error{Kind: tooLarge, Text: "An event is too large; nothing of this request was taken.", At: []fault.Place{at}}
	}
	return nil
}

// getReceipt answers an agency that lost a receipt. Source and id of an event
// name no person, so they may stand in an address.
func (g *Gateway) getReceipt(w http.ResponseWriter, r *http.Request, c *caller) error {
	q := r.URL.Query()
	if q.Get("source") == "" || q.Get("id") == "" {
		return wrong("", "Give the event’s source and id.")
	}
	receipt, err := g.Receipt(r.Context(), c.Reader.Agency, q.Get("source"), q.Get("id"))
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusOK, jsonType, receiptAnswer{receipt})
}

// accepted returns the receipts, or refusedEvents if a single event was refused.
func accepted(answers []bus.Answer) ([]bus.Receipt, error) {
	receipts, all, bad := []bus.Receipt{}, []answered{}, false
	for _, a := range answers {
		all = append(all, answered{Receipt: a.Receipt, Refusal: a.Refusal})
		if a.Receipt != nil {
			receipts = append(receipts, *a.Receipt)
		}
		bad = bad || a.Refusal != nil
	}
	if bad {
		return nil, refusedEvents{all}
	}
	return receipts, nil
}

// places gathers what was wrong, each with a pointer into the event it is about;
// in a batch the pointer begins with the place of the event.
func places(answers []answered) []fault.Place {
	var at []fault.Place
	for i, a := range answers {
		if a.Refusal == nil {
			continue
		}
		for _, c := range a.Refusal.Problems {
			p := fault.Place{Pointer: c.Pointer, Detail: c.Detail, Code: c.Code}
			if len(answers) > 1 {
				p.Pointer = "/" + strconv.Itoa(i) + c.Pointer
			}
			at = append(at, p)
		}
	}
	return at
}
