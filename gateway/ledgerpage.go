package gateway

import (
	"context"
	"net/http"
	"strings"

	"kith/events"
	"kith/services/disclosure"
	"kith/services/ledger"
)

// recent is how many looks are listed.
const recent = 200

type ledgerAnswer struct {
	Reads []ledger.Entry `json:"reads"`
}

// getLedger lists who looked, latest first: numbers, roles and purposes, no names.
func (g *Gateway) getLedger(w http.ResponseWriter, r *http.Request, c *caller) error {
	d, err := g.latest(r, c)
	if err != nil {
		return err
	}
	return writeDisclosed(w, http.StatusOK, disclosure.Map(d, func(es []ledger.Entry) ledgerAnswer {
		return ledgerAnswer{append([]ledger.Entry{}, es...)}
	}))
}

// latest are the newest looks at whomever. That governance reads them is a look
// too, at no child in particular.
func (g *Gateway) latest(r *http.Request, c *caller) (disclosure.Disclosed[[]ledger.Entry], error) {
	return disclosure.Audited(r.Context(), g.Gate, c.Reader, "", "who-looked", func(ctx context.Context, _ events.ChildID) ([]ledger.Entry, error) {
		return g.Reads(ctx, recent)
	})
}

type ledgerPage struct {
	base
	Rows []ledgerRow
}

type ledgerRow struct {
	When, Reader, Role, Agency, What, Purpose, Child, Path, AsKnownAt, Label, Rule string
	Shown, Withheld                                                                int
}

func (g *Gateway) ledgerPage(w http.ResponseWriter, r *http.Request, c *caller) error {
	d, err := g.latest(r, c)
	if err != nil {
		return err
	}
	b := g.base(c, "Who looked").at("/").wide()
	return showDisclosed(g, w, http.StatusOK, "ledger.html", disclosure.Map(d, func(es []ledger.Entry) ledgerPage {
		p := ledgerPage{base: b}
		for _, e := range es {
			p.Rows = append(p.Rows, g.ledgerRow(e))
		}
		return p
	}))
}

func (g *Gateway) ledgerRow(e ledger.Entry) ledgerRow {
	row := ledgerRow{When: g.cal.Moment(e.At), Reader: string(e.Reader), Role: roleWords.of(e.Role), Agency: g.agencyName(e.Agency),
		What: lookWords.of(e.What), Purpose: purposeWords.of(string(e.Purpose)), Child: string(e.Child), Shown: len(e.Shown), Withheld: e.Withheld,
		Label: entryWords.of(string(e.Label)), Rule: strings.ReplaceAll(e.Rule, "-", " ")}
	if e.Child != "" {
		row.Path = "/ledger/children/" + string(e.Child)
	}
	if e.AsKnownAt != nil {
		row.AsKnownAt = g.cal.Moment(*e.AsKnownAt)
	}
	return row
}
