package socialcare

import (
	"bytes"
	"encoding/csv"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"kith/events"
	"kith/services/internal/native"
)

// ssdPlan is a row of ssd_cp_plans of the Standard Safeguarding Dataset, joined with
// the columns of ssd_person that say who the child is. All are text, as in CSV.
type ssdPlan struct {
	PersonID string `json:"cppl_person_id"`
	UPN      string `json:"pers_upn"`
	Forename string `json:"pers_forename"`
	Surname  string `json:"pers_surname"`
	Born     string `json:"pers_dob"`

	PlanID  string          `json:"cppl_cp_plan_id"`
	Start   string          `json:"cppl_cp_plan_start_date"`
	End     string          `json:"cppl_cp_plan_end_date"`
	Initial events.Category `json:"cppl_cp_plan_initial_category"`
	Latest  events.Category `json:"cppl_cp_plan_latest_category"`
}

// Plans translates child protection plans of the Standard Safeguarding Dataset:
// a JSON array, or CSV with a heading line.
func Plans(raw []byte) ([]events.Notice, error) {
	raw = bytes.TrimSpace(bytes.TrimPrefix(raw, []byte("\ufeff"))) // spreadsheets begin with that mark
	if !bytes.HasPrefix(raw, []byte("[")) {
		var err error
		if raw, err = ssdCSV(raw); err != nil {
			return nil, err
		}
	}
	rows, err := native.Read[[]ssdPlan](raw, json.RejectUnknownMembers(true))
	if err != nil {
		return nil, err
	}
	return native.Each(rows, true, ssdPlan.notice)
}

// ssdCSV turns CSV into the JSON array that it stands for: row 1 is /0.
func ssdCSV(raw []byte) ([]byte, error) {
	f := &native.Form{}
	lines, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil || len(lines) < 2 || !utf8.Valid(raw) {
		f.Wrong("", "a JSON array, or CSV in UTF-8 with a heading line and as many cells in each row")
		return nil, f.Err()
	}
	var rows []map[string]string
	for _, cells := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			if _, twice := row[name]; twice || !utf8.ValidString(name) {
				f.Wrong("", "each column once")
				return nil, f.Err()
			}
			row[name] = cells[i]
		}
		rows = append(rows, row)
	}
	return json.Marshal(rows, json.Deterministic(true))
}

// notice is the plan as it stands. Beginning, end and another category have ids
// of their own, made of the row's, so that the same row again is the same notice.
func (p ssdPlan) notice(f *native.Form, at string) events.Notice {
	started := f.Day(at+"/cppl_cp_plan_start_date", p.Start)
	id, on, ended := "ssd-cp-plan:"+f.Reference(at+"/cppl_cp_plan_id", p.PlanID), p.Start, events.Date("")
	if p.End != "" {
		if ended = f.Day(at+"/cppl_cp_plan_end_date", p.End); ended < started {
			f.Wrong(at+"/cppl_cp_plan_end_date", "a day not before it started")
		}
		id, on = id+":ended", p.End
	}
	if p.Latest == "" {
		p.Latest = p.Initial
	}
	category := native.Choose(f, at+"/cppl_cp_plan_latest_category", p.Latest,
		events.Neglect, events.Physical, events.Sexual, events.Emotional, events.Multiple)
	if p.Latest != p.Initial {
		id += ":" + string(category)
	}
	day, _ := time.Parse(time.DateOnly, on) // checked above
	return events.Notice{ID: id, Report: events.Report{
		Shared: events.Shared{
			OccurredAt: day, RecordedAt: day, Basis: protection(), Label: events.Core,
			Contact: events.Contact{Team: "Children's social care"},
		},
		About: []events.Person{p.child(f, at)},
		Fact:  events.ProtectionPlan{Reference: p.PlanID, Started: started, Ended: ended, Category: category},
	}}
}

func (p ssdPlan) child(f *native.Form, at string) events.Person {
	out := events.Person{
		Role: events.RoleChild, LocalID: f.Line(at+"/cppl_person_id", p.PersonID),
		Name:        events.Name{Given: f.Line(at+"/pers_forename", p.Forename), Family: f.Line(at+"/pers_surname", p.Surname)},
		Identifiers: events.Identifiers{UPN: p.UPN},
	}
	if p.UPN != "" && !events.ValidUPN(p.UPN) {
		f.Wrong(at+"/pers_upn", "a unique pupil number with the right check letter, or nothing")
	}
	if p.Born != "" {
		out.DateOfBirth = f.Day(at+"/pers_dob", p.Born)
	}
	return out
}
