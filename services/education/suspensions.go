package education

import (
	"strconv"
	"strings"

	"kith/events"
)

// reasons are the codes of the school census for why a pupil was suspended or
// excluded (Common Basic Data Set, since 2020).
func reasons() map[string]string {
	return map[string]string{
		"PP": "physical assault against a pupil",
		"PA": "physical assault against an adult",
		"VP": "verbal abuse or threatening behaviour against a pupil",
		"VA": "verbal abuse or threatening behaviour against an adult",
		"OW": "use or threat of use of an offensive weapon or prohibited item",
		"BU": "bullying",
		"RA": "racist abuse",
		"LG": "abuse against sexual orientation and gender identity",
		"DS": "abuse relating to disability",
		"SM": "sexual misconduct",
		"DA": "drug and alcohol related",
		"DM": "damage",
		"TH": "theft",
		"MT": "inappropriate use of social media or online technology",
		"PH": "wilful and repeated transgression of protective measures in place to protect public health",
		"DB": "persistent or general disruptive behaviour",
	}
}

// Suspensions translates an extract of suspensions and permanent exclusions as the
// school census codes them: CSV, a row for each.
func (m Mapping) Suspensions(raw []byte) ([]events.Notice, error) {
	t, err := readTable(raw, m.over(suspensionHeadings()), colCategory, colReason1, colFrom)
	if err != nil {
		return nil, err
	}
	var out []events.Notice
	seen := map[string]bool{}
	for _, l := range t.rows {
		if n := l.suspended(m); !seen[n.ID] {
			out = append(out, n)
			seen[n.ID] = true
		}
	}
	if err := t.f.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

func (l line) suspended(m Mapping) events.Notice {
	child := l.pupil()
	on := l.day(colFrom)
	reason, sexual := l.reason()
	kind := "suspension"
	var fact events.Education = events.Suspension{From: on, Reason: reason}
	switch strings.ToUpper(l.cell(colCategory)) {
	case "SUSP", "FIXD", "LNCH": // FIXD is what it was called until 2022
		fact = events.Suspension{From: on, Days: l.length(), Reason: reason}
	case "PERM":
		kind, fact = "permanent-exclusion", events.PermanentExclusion{On: on, Reason: reason}
	default:
		l.wrong(colCategory, "SUSP, LNCH or PERM")
	}
	report := l.report(m, child, on, fact, "School office", "Those who help the child need to know that the child is out of school.")
	if sexual {
		report.Label = events.Sensitive
	}
	id := l.digest()
	if ref := l.cell(colReference); ref != "" {
		id = l.f.Reference(l.at(colReference), ref) + ":" + id
	}
	return events.Notice{ID: kind + ":" + id, Report: report}
}

// length is for how many school days: two sessions are one, and a lunchtime is half.
func (l line) length() int {
	c, each := colDays, 1
	if l.cell(c) == "" {
		c, each = colSessions, 2
	}
	n, err := strconv.ParseFloat(l.cell(c), 64)
	if err != nil || !(n > 0 && n <= float64(45*each)) {
		l.wrong(c, "a number above 0, of at most 45 days or 90 sessions,")
		return 1
	}
	days := int(n) / each
	if float64(days*each) < n {
		days++
	}
	return days
}

// reason is why, in words, from up to three codes and what was written beside them;
// and whether it is of a sexual kind.
func (l line) reason() (text string, sexual bool) {
	known := reasons()
	var parts []string
	for _, c := range []column{colReason1, colReason2, colReason3} {
		for _, code := range strings.FieldsFunc(l.cell(c), func(r rune) bool { return strings.ContainsRune(" ,;|/\n", r) }) {
			words, ok := known[strings.ToUpper(code)]
			if !ok {
				l.wrong(c, "codes of the school census: PP PA VP VA OW BU RA LG DS SM DA DM TH MT PH DB,")
				break
			}
			parts = append(parts, words)
			sexual = sexual || strings.EqualFold(code, "SM")
		}
	}
	if len(parts) == 0 && l.cell(colReason1) == "" {
		l.wrong(colReason1, "at least one code of the school census")
	}
	text = strings.Join(parts, "; ")
	if text != "" {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	if more := l.cell(colComment); more != "" {
		text += ". " + more
	}
	return l.f.Long(l.at(colComment), text), sexual
}
