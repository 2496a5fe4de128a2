package education

import (
	"strings"

	"kith/events"
)

// Incidents translates an export of a school's log of concerns, as CPOMS, MyConcern
// and the like make it: CSV, a row for each entry. Each row gives one notice, about
// the pupil and the linked ones. The same row gives the same id in any export, and
// a row that was changed another. Who wrote an entry is not passed on.
func (m Mapping) Incidents(raw []byte) ([]events.Notice, error) {
	t, err := readTable(raw, m.over(incidentHeadings()), colObserved, colWhen)
	if err != nil {
		return nil, err
	}
	known := t.known()
	var out []events.Notice
	seen := map[string]bool{}
	for _, l := range t.rows {
		n := l.incident(m, known)
		if !seen[n.ID] { // a row that stands there twice says nothing new
			out = append(out, n)
		}
		seen[n.ID] = true
	}
	if err := t.f.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

func (l line) incident(m Mapping, known roll) events.Notice {
	child := l.pupil()
	linked := l.linked(child, known)
	occurred := l.moment(colWhen, colTime)
	recorded := occurred
	if l.cell(colRecorded) != "" {
		recorded = l.moment(colRecorded, "")
	}
	if occurred.After(recorded) && !recorded.IsZero() {
		l.wrong(colWhen, "a moment not after it was recorded")
	}
	report := events.Report{
		Shared: events.Shared{
			OccurredAt: occurred, RecordedAt: recorded,
			Basis:   safeguarding(events.CannotReasonablyAsk, "Those who help the child need to know what the school has seen and heard."),
			Label:   events.Sensitive, // nobody has read it for what is in it
			Contact: m.contact("Designated safeguarding lead"),
		},
		About: append([]events.Person{child}, linked...),
		Fact:  l.record(),
	}
	if w := l.long(colWords); w != "" {
		report.Voice = &events.Voice{Words: w}
	}
	var who []string
	for _, p := range linked {
		who = append(who, p.LocalID)
	}
	if len(linked) > 0 {
		report.Caveats = []events.Caveat{events.ThirdParty}
	}
	id := l.digest(who...)
	if ref := l.cell(colReference); ref != "" {
		id = l.f.Reference(l.at(colReference), ref) + ":" + id
	}
	return events.Notice{ID: "safeguarding-record:" + id, Report: report}
}

// record is what the entry says. Without a number it goes by its digest.
func (l line) record() events.SafeguardingRecord {
	out := events.SafeguardingRecord{Reference: l.cell(colReference), Observed: l.cell(colObserved), Actions: l.long(colActions)}
	if out.Reference == "" {
		out.Reference = l.digest()
	}
	if s := l.cell(colSummary); s != "" && out.Observed != "" {
		out.Observed = s + "\n\n" + out.Observed
	} else if s != "" {
		out.Observed = s
	}
	if out.Observed == "" {
		l.wrong(colObserved, "what was seen, heard or said")
	}
	out.Observed = l.f.Long(l.at(colObserved), out.Observed)
	for _, c := range strings.FieldsFunc(l.cell(colCategories), func(r rune) bool { return strings.ContainsRune(";|,\n", r) }) {
		if c = strings.TrimSpace(c); c != "" {
			out.Categories = append(out.Categories, l.f.Short(l.at(colCategories), c))
		}
	}
	if len(out.Categories) > 30 {
		l.wrong(colCategories, "at most 30 categories")
	}
	return out
}
