package gateway

import (
	"fmt"
	"net/http"

	"kith/events"
	"kith/services/disclosure"
)

type noticesAnswer struct {
	Notices   []disclosure.Notice  `json:"notices"`
	GlassRate disclosure.GlassRate `json:"glassRate"`
}

func (noticesAnswer) open() {}

// getNotices lists what there is for governance to look into: references, and
// nothing of whom they are about.
func (g *Gateway) getNotices(w http.ResponseWriter, r *http.Request, c *caller) error {
	ns, err := g.Gate.Notices(r.Context(), c.Reader)
	if err != nil {
		return err
	}
	return writeOpen(w, http.StatusOK, jsonType, noticesAnswer{ns, g.Gate.GlassRate()})
}

func (g *Gateway) getNotice(w http.ResponseWriter, r *http.Request, c *caller) error {
	d, err := g.Gate.Notice(r.Context(), c.Reader, r.PathValue("notice"))
	if err != nil {
		return err
	}
	return writeDisclosed(w, http.StatusOK, d)
}

type reviewBody struct {
	Outcome events.GlassOutcome `json:"outcome"`
}

func (g *Gateway) postGlassReview(w http.ResponseWriter, r *http.Request, c *caller) error {
	b, err := decode[reviewBody](w, r)
	if err != nil {
		return err
	}
	if err := g.reviewGlass(r, c, b.Outcome); err != nil {
		return err
	}
	return writeOpen(w, http.StatusOK, jsonType, status{"settled"})
}

func (g *Gateway) reviewGlass(r *http.Request, c *caller, o events.GlassOutcome) error {
	return g.Gate.ReviewGlass(r.Context(), c.Reader, cause(r, c, events.PurposeAudit), events.GlassID(r.PathValue("notice")), o)
}

type noticesPage struct {
	base
	Rows  []noticeRow
	Rate  string
	Alarm bool
}

type noticeRow struct {
	Notice, What, At, ReviewBy, Outcome string
	Overdue                             bool
}

func (g *Gateway) noticesPage(w http.ResponseWriter, r *http.Request, c *caller) error {
	ns, err := g.Gate.Notices(r.Context(), c.Reader)
	if err != nil {
		return err
	}
	rate := g.Gate.GlassRate()
	p := noticesPage{base: g.base(c, "Notices").at("/notices").wide(), Alarm: rate.Alarm, Rate: rateWords(rate)}
	for _, n := range ns {
		p.Rows = append(p.Rows, g.noticeRow(n))
	}
	return g.page(w, http.StatusOK, "notices.html", p)
}

func rateWords(r disclosure.GlassRate) string {
	if r.Views == 0 {
		return "No child’s view was shown since this hub started."
	}
	return fmt.Sprintf("%d of %d views since this hub started rested on emergency access (%.1f %%).", r.Glass, r.Views, 100*float64(r.Glass)/float64(r.Views))
}

func (g *Gateway) noticeRow(n disclosure.Notice) noticeRow {
	row := noticeRow{Notice: n.Notice, What: noticeWords.of(n.What), At: g.cal.Moment(n.At), Overdue: n.Overdue}
	if n.ReviewBy != "" {
		row.ReviewBy = g.cal.Day(n.ReviewBy)
	}
	if n.Outcome != "" {
		row.Outcome = foundWords.of(string(n.Outcome))
	}
	return row
}

type noticePage struct {
	base
	noticeRow
	Glass, Reviewed                  bool
	Account, Agency, Role, Child     string
	Code, Words, Case, Until, OnceID string
}

// notice is what one notice refers to.
func (g *Gateway) notice(w http.ResponseWriter, r *http.Request, c *caller) error {
	d, err := g.Gate.Notice(r.Context(), c.Reader, r.PathValue("notice"))
	if err != nil {
		return err
	}
	b := g.base(c, "Notice").at("/notices")
	return showDisclosed(g, w, http.StatusOK, "notice.html", disclosure.Map(d, func(n disclosure.NoticeDetail) noticePage {
		p := noticePage{base: b, noticeRow: g.noticeRow(n.Notice), Glass: n.What == "break-glass", Reviewed: n.Outcome != "", Account: string(n.Actor), Agency: g.agencyName(n.Agency),
			Role: roleWords.of(string(n.Role)), Child: string(n.Child), Code: glassWords.of(string(n.Code)), Words: n.Words, Case: n.Case, OnceID: newKey()}
		if n.Until != nil {
			p.Until = g.cal.Moment(*n.Until)
		}
		return p
	}))
}

func (g *Gateway) sendGlassReview(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	if err := g.reviewGlass(r, c, events.GlassOutcome(posted(r, "outcome"))); err != nil {
		return err
	}
	return redirect(w, r, "/notices")
}
