// Package bundle chooses what of a child's record may be in a copy for one
// recipient, and lays it out. It is pure: the same record, request and judgments
// give the same bytes.
//
// What is not sure to be the recipient's own is not in it. Such an item waits for
// two people, and what they withhold leaves no trace: the copy is, to the byte, the
// one of a record without it.
package bundle

import (
	"cmp"
	"slices"
	"time"
	_ "time/tzdata" // so that a day in England is the same on a machine without a zone database

	"kith/events"
)

// Request is what a copy is asked for, as far as its content depends on it.
type Request struct {
	events.CopyRequested
	Made time.Time // as known at which moment
	// Judged is what two people agreed on, item by item.
	Judged map[events.ItemID]Judged
	Words  Words
}

// Judged is what two people agreed on about one item.
type Judged struct {
	Judgment events.CopyJudgment
	Without  []string
}

// Words say what a fact says: a title, then lines of a label and a text.
type Words func(events.Fact) (title string, lines []Line)

// Line is one thing that a fact says.
type Line struct {
	Label string `json:"label"`
	Text  string `json:"text"`
}

// Bundle is a copy for one recipient.
type Bundle struct {
	Recipient string   `json:"recipient"`
	For       string   `json:"for"`
	Reference string   `json:"reference"`
	Made      string   `json:"made"`
	SendTo    []string `json:"sendTo"`
	Entries   []Entry  `json:"entries"`
	LeftOut   string   `json:"leftOut"`

	asked events.CopyRequested
	told  []told
}

// Entry is one item in a copy.
type Entry struct {
	Number int    `json:"number"`
	Date   string `json:"date"`
	Source string `json:"source"`
	Title  string `json:"title"`
	Lines  []Line `json:"lines"`

	item events.ItemID
}

// leftOut stands in every copy, whether or not something was left out, so that
// nobody learns from it that something was.
const leftOut = "The law says that some things may have to be left out of any copy: what is about other people, " +
	"what could hurt somebody if it were told, what must stay secret so that people are safe, and what was said to a lawyer. " +
	"We check every record for this. We do not say whether, or how often, we left something out of this one."

// Prepared is a bundle and what waits for two people.
type Prepared struct {
	Bundle
	Queue []Waiting
	// Guarded: a protected address or an order against contact, so that two people
	// have to look where the copy is sent.
	Guarded bool
}

// Waiting is an item that is in no copy by itself, as whoever judges it reads it.
type Waiting struct {
	Item    events.ItemID
	Entry   Entry
	Reasons []Reason
	// Judged is what two people agreed on; Still says why it is out all the same.
	Judged *Judged
	Still  []Reason
}

// Prepare chooses from the record and lays out.
func Prepare(r Request, c events.Copyable) Prepared {
	s := newScreen(r.CopyRequested, c)
	p := Prepared{Guarded: s.guarded, Bundle: Bundle{
		Recipient: recipientName(r.Recipient), For: forWords(r.For), Reference: reference(r.CopyRequested),
		Made: dayOf(r.Made), SendTo: r.Recipient.SendTo, LeftOut: leftOut, asked: r.CopyRequested, Entries: []Entry{},
	}}
	for _, i := range c.Shown.Items {
		e := s.entry(r, i)
		reasons := s.why(i, e)
		if len(reasons) == 0 {
			p.add(e, i.Kind)
			continue
		}
		w := Waiting{Item: i.ID, Entry: e, Reasons: reasons}
		if j, ok := r.Judged[i.ID]; ok {
			w.Judged = &j
			kept := e
			if j.Judgment == events.CopyWithout {
				kept = strike(e, j.Without)
			}
			if w.Still = s.never(i, kept, j); j.Judgment != events.CopyWithhold && len(w.Still) == 0 {
				p.add(kept, i.Kind)
			}
		}
		p.Queue = append(p.Queue, w)
	}
	return p
}

func (p *Prepared) add(e Entry, k events.AgencyKind) {
	e.Number = len(p.Entries) + 1
	p.Entries = append(p.Entries, e)
	p.tell(e.Source, k)
}

// entry is an item in plain words. No address and no name of a practitioner is
// part of one.
func (s *screen) entry(r Request, i events.ShownItem) Entry {
	title, lines := r.Words(i.Fact)
	e := Entry{Date: dayOf(i.OccurredAt), Source: s.source(i.Item), Title: title, Lines: slices.Clone(lines), item: i.ID}
	if v := i.Voice; v != nil && v.Words != "" {
		e.Lines = append(e.Lines, Line{"What the child said", v.Words})
	}
	return e
}

// source names an agency to the child alone. To a parent or a court it is named by
// its kind, always: if it were only where somebody must not be found, that would show.
func (s *screen) source(i events.Item) string {
	if s.guarded || s.asked.Recipient.Kind != events.RecipientChild {
		return kindWords(i.Kind)
	}
	return cmp.Or(s.agencies[i.Agency], kindWords(i.Kind))
}

// kindWords name a kind of agency and not which.
func kindWords(k events.AgencyKind) string {
	switch k {
	case events.KindPolice:
		return "the police"
	case events.KindHealth:
		return "a health service"
	case events.KindEducation:
		return "a school or college"
	case events.KindSocialCare:
		return "children’s social care"
	}
	return "another service"
}

func forWords(f events.CopyFor) string {
	if f == events.ForCourt {
		return "a court’s order or direction"
	}
	return "a request to see personal information"
}

func recipientName(r events.CopyRecipient) string {
	if r.Name.Given == "" {
		return r.Name.Family
	}
	return r.Name.Given + " " + r.Name.Family
}

// reference is what the recipient may quote: no part of any number in the record.
func reference(r events.CopyRequested) string {
	id := string(r.Copy)
	return "KC-" + id[:min(8, len(id))]
}

// dayOf is a day in England in words.
func dayOf(t time.Time) string {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		l = time.UTC // not with the database embedded
	}
	return t.In(l).Format("2 January 2006")
}
