package gateway

import (
	"net/http"
	"time"

	"kith/events"
	"kith/services/disclosure"
	nhs "kith/services/health"
)

// getProtection tells a health service's system whether a child is on a child
// protection plan or looked after, or was within twelve months: FHIR flags made
// of what the caller may see of the child, and of nothing else. It is a look at
// the child like any other, and recorded as one.
func (g *Gateway) getProtection(w http.ResponseWriter, r *http.Request, c *caller) error {
	purpose := events.Purpose(r.URL.Query().Get("purpose"))
	d, err := g.Gate.Child(r.Context(), c.Reader, events.ChildID(r.PathValue("child")), purpose, nil)
	if err != nil {
		return err
	}
	today := events.Date(g.Now().In(g.Place).Format(time.DateOnly))
	return writeFHIR(w, disclosure.Map(d, func(s events.Shown) nhs.Protection {
		items := make([]events.Item, len(s.Items))
		for i, shown := range s.Items {
			items[i] = shown.Item
		}
		return nhs.Protected(items, today)
	}))
}
