package main

import (
	"encoding/json"
	"fmt"
	"time"

	"kith/events"
	"kith/services/education"
	"kith/services/education/handover"
)

// writeTransfer writes the native record of a hand-over, which the school's edge
// turns into an event: the hub learns that it happened, not what is in the file.
func writeTransfer(path, team string, f handover.File, at time.Time, received string) error {
	if path == "" {
		return nil
	}
	text, err := json.MarshalIndent(education.TransferRecord{
		Pupil:     education.Pupil{GivenName: f.Child.Given, FamilyName: f.Child.Family, DateOfBirth: string(f.Child.DateOfBirth), UPN: f.Child.UPN},
		Reference: f.Reference, RecordedAt: at.UTC().Format(time.RFC3339), To: string(f.To),
		Starts: string(f.Starts), Due: string(f.Due), Sent: f.Made.In(london()).Format(time.DateOnly), Received: received,
		Contact: events.Contact{Team: team},
	}, "", "  ")
	if err != nil {
		return err
	}
	if err := writeNewFile(path, append(text, '\n')); err != nil {
		return fmt.Errorf("write the record: %w", err)
	}
	return nil
}
