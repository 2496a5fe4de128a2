package gateway

import (
	"fmt"
	"net/http"
	"strings"

	"kith/events"
	"kith/services/disclosure"
	"kith/services/fault"
	"kith/services/ledger"
)

// Who looked at one child: the whole of it for information governance, and what
// of it may be told to the child or to a parent or carer. To look at either is
// recorded too.

type looksAnswer struct {
	Child events.ChildID `json:"child"`
	Reads []ledger.Entry `json:"reads"`
}

// getWhoLooked answers with all of it.
func (g *Gateway) getWhoLooked(w http.ResponseWriter, r *http.Request, c *caller) error {
	d, child, err := g.audited(r, c)
	if err != nil {
		return err
	}
	return writeDisclosed(w, http.StatusOK, disclosure.Map(d, func(es []ledger.Entry) looksAnswer { return looksAnswer{child, es} }))
}

func (g *Gateway) audited(r *http.Request, c *caller) (disclosure.Disclosed[[]ledger.Entry], events.ChildID, error) {
	d, err := disclosure.Audited(r.Context(), g.Gate, c.Reader, childOf(r), "who-looked", g.ReadsOf)
	return d, childOf(r), err
}

// whoLookedCSV is the same for a spreadsheet, whoLookedFHIR for what watches
// accesses elsewhere.
func (g *Gateway) whoLookedCSV(w http.ResponseWriter, r *http.Request, c *caller) error {
	d, _, err := g.audited(r, c)
	if err != nil {
		return err
	}
	return writeCSV(w, disclosure.Map(d, rows))
}

func (g *Gateway) whoLookedFHIR(w http.ResponseWriter, r *http.Request, c *caller) error {
	d, _, err := g.audited(r, c)
	if err != nil {
		return err
	}
	return writeFHIR(w, disclosure.Map(d, ledger.AuditEvents))
}

func rows(es []ledger.Entry) [][]string {
	table := [][]string{{"position", "at", "reader", "agency", "role", "purpose", "what", "ties", "shown", "withheld", "label", "rule"}}
	for _, e := range es {
		table = append(table, []string{fmt.Sprint(e.Position), e.At.UTC().Format("2006-01-02T15:04:05Z"), string(e.Reader), string(e.Agency), e.Role,
			string(e.Purpose), e.What, tieCodes(e.Ties), fmt.Sprint(len(e.Shown)), fmt.Sprint(e.Withheld), string(e.Label), e.Rule})
	}
	return table
}

func tieCodes(ts []events.Tie) string {
	var codes []string
	for _, t := range ts {
		codes = append(codes, string(t))
	}
	return strings.Join(codes, " ")
}

type releaseAnswer struct {
	To    ledger.Audience `json:"to"`
	Lines []ledger.Line   `json:"lines"`
}

// getRelease answers with what may be told.
func (g *Gateway) getRelease(w http.ResponseWriter, r *http.Request, c *caller) error {
	to, d, err := g.release(r, c)
	if err != nil {
		return err
	}
	return writeDisclosed(w, http.StatusOK, disclosure.Map(d, func(ls []ledger.Line) releaseAnswer { return releaseAnswer{to, ls} }))
}

func (g *Gateway) release(r *http.Request, c *caller) (ledger.Audience, disclosure.Disclosed[[]ledger.Line], error) {
	var none disclosure.Disclosed[[]ledger.Line]
	to := ledger.Audience(r.URL.Query().Get("to"))
	if to != ledger.ToChild && to != ledger.ToGuardian {
		return to, none, &fault.Error{Kind: fault.Invalid, Text: "The request is not complete.", At: []fault.Place{
			{Pointer: "to", Detail: "Say to whom it is to be told: child or guardian."}}}
	}
	d, err := disclosure.Audited(r.Context(), g.Gate, c.Reader, childOf(r), "release", g.ReadsOf)
	return to, disclosure.Map(d, func(es []ledger.Entry) []ledger.Line { return ledger.Release(es, to, g.Place) }), err
}

type whoLookedPage struct {
	base
	Child, Path string
	Rows        []ledgerRow
}

// whoLooked is the page for governance.
func (g *Gateway) whoLooked(w http.ResponseWriter, r *http.Request, c *caller) error {
	d, child, err := g.audited(r, c)
	if err != nil {
		return err
	}
	b := g.base(c, "Who looked at one child").at("/").wide()
	return showDisclosed(g, w, http.StatusOK, "who-looked.html", disclosure.Map(d, func(es []ledger.Entry) whoLookedPage {
		p := whoLookedPage{base: b, Child: string(child), Path: "/ledger/children/" + string(child)}
		for i := len(es) - 1; i >= 0; i-- {
			p.Rows = append(p.Rows, g.ledgerRow(es[i]))
		}
		return p
	}))
}

type releasePage struct {
	base
	To, Path string
	Lines    []releaseLine
}

type releaseLine struct{ Day, Agency, Role, Purpose string }

// releasePage is what may be told, as it would be printed.
func (g *Gateway) releasePage(w http.ResponseWriter, r *http.Request, c *caller) error {
	to, d, err := g.release(r, c)
	if err != nil {
		return err
	}
	b, path := g.base(c, "What may be told").at("/"), "/ledger/children/"+string(childOf(r))
	return showDisclosed(g, w, http.StatusOK, "release.html", disclosure.Map(d, func(ls []ledger.Line) releasePage {
		p := releasePage{base: b, To: audienceWords.of(string(to)), Path: path}
		for _, l := range ls {
			p.Lines = append(p.Lines, releaseLine{g.cal.Date(g.cal.day(l.Day)), g.agencyName(l.Agency), roleWords.of(l.Role), purposeWords.of(string(l.Purpose))})
		}
		return p
	}))
}
