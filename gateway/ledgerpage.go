package gateway

import (
	"net/http"
	"strings"

	"kith/services/ledger"
)

// recent is how many looks are listed.
const recent = 200

type ledgerAnswer struct {
	Reads []ledger.Entry `json:"reads"`
}

func (ledgerAnswer) open() {}

// getLedger lists who looked, latest first: numbers, roles and purposes, no names.
func (g *Gateway) getLedger(w http.ResponseWriter, r *http.Request, _ *caller) error {
	es, err := g.Reads(r.Context(), recent)
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusOK, jsonType, ledgerAnswer{append([]ledger.Entry{}, es...)})
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
	es, err := g.Reads(r.Context(), recent)
	if err != nil {
		return err
	}
	p := ledgerPage{base: g.base(c, "Who looked").at("/").wide()}
	for _, e := range es {
		p.Rows = append(p.Rows, g.ledgerRow(e))
	}
	return g.page(w, http.StatusOK, "ledger.html", p)
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
