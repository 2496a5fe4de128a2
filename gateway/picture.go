package gateway

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"kith/events"
)

// picture is the chronology as a drawing: a lane for each agency, time from left
// to right. It says nothing that the table beneath it does not say.
type picture struct {
	Title                    string
	Width, Height, Lane      int
	Top, Bottom, Left, Right int
	Label                    int // where the names of the months stand
	Ticks                    []tick
	Lanes                    []lane
	Lines                    []moment
	Kinds                    []string
}

type tick struct {
	X      int
	Name   string
	Anchor string
}

type lane struct {
	Name, Kind   string
	Top, Text, Y int
	Band         bool
	Bars         []bar
	Marks        []mark
}

type bar struct {
	X, Y, W int
	Name    string
}

type mark struct {
	X, Y           int
	Anchor, Letter string
	Name           string
}

type moment struct {
	X, Y   int
	Name   string
	Anchor string
}

// mark and lane sizes; a mark is 26 wide and no two are closer than 30, so each
// can be hit.
const (
	pictureWidth = 1120
	pictureLeft  = 190
	pictureRight = 1090
	pictureTop   = 34
	laneHeight   = 46
	markGap      = 30
)

// drawn is an entry as far as the picture needs it.
type drawn struct {
	At     time.Time
	Agency events.AgencyID
	Anchor string
	Name   string
	Span   [2]events.Date // how long it lasted, if it says so
}

// scale maps the time that a picture covers onto its width.
type scale struct {
	from, to time.Time
}

func (s scale) x(t time.Time) int {
	span := s.to.Sub(s.from)
	return pictureLeft + 20 + int(float64(pictureRight-pictureLeft-40)*float64(t.Sub(s.from))/float64(span))
}

// draw lays out what one reader may see, up to now or to the moment as known at.
func (c calendar) draw(agencies []events.Involved, items []drawn, discussions []events.Discussion, now time.Time) picture {
	p := picture{Width: pictureWidth, Lane: laneHeight, Top: pictureTop, Left: pictureLeft, Right: pictureRight, Label: 20}
	if len(items) == 0 {
		return p
	}
	s := scale{from: items[0].At, to: now}
	for _, i := range items {
		s.from, s.to = earlier(s.from, i.At), later(s.to, i.At)
	}
	if s.to.Sub(s.from) < 24*time.Hour {
		s.from = s.to.Add(-24 * time.Hour)
	}
	for n, a := range agencies {
		p.Lanes = append(p.Lanes, c.lane(s, n, a, items))
		if !slices.Contains(p.Kinds, string(a.Kind)) {
			p.Kinds = append(p.Kinds, string(a.Kind))
		}
	}
	p.Bottom = pictureTop + laneHeight*len(p.Lanes)
	p.Height = p.Bottom + 40
	p.Ticks = c.ticks(s)
	p.Lines = c.moments(s, p.Bottom+16, discussions, now)
	p.Title = fmt.Sprintf("%s of %s, from %s to %s", plural(len(items), "item", "items"),
		plural(len(p.Lanes), "agency", "agencies"), c.Date(s.from), c.Date(s.to))
	return p
}

func (c calendar) lane(s scale, n int, a events.Involved, items []drawn) lane {
	top := pictureTop + laneHeight*n
	l := lane{Name: shorten(a.Name, 24), Kind: string(a.Kind), Top: top, Y: top + laneHeight/2, Text: top + laneHeight/2 + 5, Band: n%2 == 0}
	var cluster []drawn
	flush := func() {
		if len(cluster) > 0 {
			l.Marks = append(l.Marks, c.mark(s, l, a.Name, cluster))
		}
		cluster = nil
	}
	for _, i := range items {
		if i.Agency != a.Agency {
			continue
		}
		if len(cluster) > 0 && s.x(i.At)-s.x(cluster[0].At) >= markGap {
			flush()
		}
		cluster = append(cluster, i)
		if i.Span[0] != "" {
			l.Bars = append(l.Bars, c.bar(s, l, i))
		}
	}
	flush()
	return l
}

// bar is how long something lasted; without an end, until now.
func (c calendar) bar(s scale, l lane, i drawn) bar {
	from, to := later(s.from, c.day(i.Span[0])), s.to
	if i.Span[1] != "" {
		to = earlier(s.to, c.day(i.Span[1]))
	}
	x := s.x(from)
	return bar{X: x, Y: l.Y - 4, W: max(4, s.x(later(from, to))-x), Name: i.Name}
}

func (c calendar) mark(s scale, l lane, agency string, cluster []drawn) mark {
	first, last := cluster[0], cluster[len(cluster)-1]
	m := mark{X: s.x(first.At), Y: l.Y, Anchor: first.Anchor, Letter: kindLetter(l.Kind)}
	m.Name = fmt.Sprintf("%s, %s: %s", c.Date(first.At), agency, first.Name)
	if n := len(cluster); n > 1 {
		m.Letter = strconv.Itoa(n)
		m.Name = fmt.Sprintf("%s of %s, %s to %s", plural(n, "item", "items"), agency, c.Date(first.At), c.Date(last.At))
	}
	return m
}

// ticks stand at the beginnings of months, thinned so that their names fit.
func (c calendar) ticks(s scale) []tick {
	from := s.from.In(c.place)
	months := int(s.to.Sub(s.from).Hours()/730) + 1
	step := 1
	for _, step = range []int{1, 2, 3, 6, 12, 24, 60} {
		if months/step <= 12 {
			break
		}
	}
	at := time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, c.place)
	if step >= 12 {
		at = time.Date(from.Year(), 1, 1, 0, 0, 0, 0, c.place)
	}
	var ts []tick
	named := 0
	for ; !at.After(s.to); at = at.AddDate(0, step, 0) {
		if at.Before(s.from) {
			continue
		}
		name := at.Format("Jan")
		if at.Year() != named {
			name, named = at.Format("Jan 2006"), at.Year()
		}
		ts = append(ts, tick{X: s.x(at), Name: name, Anchor: "middle"})
	}
	return ts
}

// moments are the upright lines: each strategy discussion, and now.
func (c calendar) moments(s scale, y int, discussions []events.Discussion, now time.Time) []moment {
	last := moment{X: s.x(now), Y: y, Name: c.Date(now), Anchor: "end"}
	var ms []moment
	for _, d := range discussions {
		if d.At.Before(s.from) || d.At.After(s.to) {
			continue
		}
		m := moment{X: s.x(d.At), Y: y, Name: "Strategy discussion", Anchor: "end"}
		if last.X-m.X < 100 {
			last.Y = y + 18 // below, where the two would run into each other
		}
		ms = append(ms, m)
	}
	return append(ms, last)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
