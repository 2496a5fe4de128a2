package education

// column is something that a table says, in words for whoever has to mend it.
type column string

const (
	colReference   column = "reference"
	colName        column = "student"
	colForename    column = "forename"
	colSurname     column = "surname"
	colBorn        column = "date of birth"
	colUPN         column = "UPN"
	colNumber      column = "admission number"
	colSex         column = "sex"
	colWhen        column = "date"
	colTime        column = "time"
	colRecorded    column = "date of recording"
	colSummary     column = "summary"
	colObserved    column = "incident"
	colCategories  column = "category"
	colLinked      column = "linked students"
	colActions     column = "actions"
	colWords       column = "words of the child"
	colFrom        column = "first day"
	colTo          column = "last day"
	colMarks       column = "marks"
	colMarksBefore column = "marks before"
	colMark        column = "mark"
	colSession     column = "session"
	colComment     column = "comment"
	colCategory    column = "category of suspension"
	colReason1     column = "reason"
	colReason2     column = "second reason"
	colReason3     column = "third reason"
	colSessions    column = "sessions"
	colDays        column = "days"
)

// headings are the names under which a column may stand, the most telling first.
// Case, spaces and signs do not count.
type headings map[column][]string

// pupils are the columns about a pupil, as management information systems and
// safeguarding logs head them.
func pupils() headings {
	return headings{
		colName:     {"Student", "Student name", "Pupil", "Pupil name", "Name of student", "Child", "Name", "Full name"},
		colForename: {"Forename", "Legal forename", "First name", "Given name", "Preferred forename"},
		colSurname:  {"Surname", "Legal surname", "Last name", "Family name", "Preferred surname"},
		colBorn:     {"Date of birth", "DOB", "Birth date", "D.O.B."},
		colUPN:      {"UPN", "Unique pupil number"},
		colNumber:   {"Admission number", "Adno", "Admission no", "Pupil number", "Student ID", "Pupil ID", "MIS ID"},
		colSex:      {"Sex", "Legal sex", "Gender"},
		colRecorded: {"Date recorded", "Date reported", "Date logged", "Date added", "Created at", "Created", "Added on", "Reported on", "Recorded at"},
	}
}

// incidentHeadings are those of the logs of concerns that schools keep: CPOMS,
// MyConcern and others alike.
func incidentHeadings() headings {
	h := pupils()
	h[colReference] = []string{"Incident ID", "Concern ID", "Incident number", "Concern reference", "Reference", "Ref", "ID"}
	h[colWhen] = []string{"Date/time of incident", "Date of incident", "Incident date", "Date of concern", "Concern date", "Date/Time", "Date and time", "Date"}
	h[colTime] = []string{"Time of incident", "Incident time", "Time of concern", "Time"}
	h[colObserved] = []string{"Details of concern", "Concern details", "Incident details", "Incident text", "Incident", "Concern", "Details", "Description"}
	h[colSummary] = []string{"Concern summary", "Incident summary", "Summary", "Title"}
	h[colCategories] = []string{"Categories", "Category", "Concern types", "Concern type", "Type of concern", "Concern category"}
	h[colLinked] = []string{"Linked students", "Linked student", "Linked pupils", "Other students involved", "Other pupils"}
	h[colActions] = []string{"Actions taken", "Action taken", "Actions", "Action", "Initial action", "Outcome"}
	h[colWords] = []string{"Words of the child", "Voice of the child", "Pupil voice", "Student voice", "Child's words"}
	return h
}

// registerHeadings are those of an extract of the attendance register.
func registerHeadings() headings {
	h := pupils()
	h[colFrom] = []string{"From", "Start date", "Period from", "First day"}
	h[colTo] = []string{"To", "End date", "Period to", "Last day"}
	h[colMarks] = []string{"Marks", "Attendance marks", "Codes"}
	h[colMarksBefore] = []string{"Marks before", "Previous marks", "Marks of the period before", "Codes before"}
	h[colWhen] = []string{"Session date", "Attendance date", "Mark date", "Date"}
	h[colSession] = []string{"Session", "AM/PM", "AM or PM"}
	h[colMark] = []string{"Mark", "Attendance mark", "Attendance code", "Code"}
	h[colComment] = []string{"Comment", "Comments", "Circumstances", "Notes"}
	return h
}

// suspensionHeadings are those of an extract of suspensions and exclusions, as the
// school census has them.
func suspensionHeadings() headings {
	h := pupils()
	h[colReference] = []string{"Suspension ID", "Exclusion ID", "Reference", "Ref", "ID"}
	h[colCategory] = []string{"Suspension category", "Exclusion category", "Category", "Type"}
	h[colReason1] = []string{"Reason 1", "Reasons", "Reason", "Suspension reason", "Exclusion reason", "Reason codes"}
	h[colReason2] = []string{"Reason 2", "Second reason"}
	h[colReason3] = []string{"Reason 3", "Third reason"}
	h[colFrom] = []string{"Start date", "Suspension start date", "Exclusion start date", "From", "Date"}
	h[colSessions] = []string{"Sessions", "Number of sessions", "Actual number of sessions", "Sessions missed"}
	h[colDays] = []string{"Days", "School days", "Number of days"}
	h[colComment] = []string{"Comment", "Comments", "Details", "Notes"}
	return h
}
