package main

import (
	"errors"
	"fmt"
	"os"

	"kith/events"
	"kith/services/education"
	"kith/services/fault"
)

// doors are those of the agency's kind. A school may say how its exports are headed.
func (c AgencyConfig) doors() (map[string]translator, error) {
	if c.Columns == "" {
		return doors(c.Agency.Kind), nil
	}
	if c.Agency.Kind != events.KindEducation {
		return nil, errors.New("columns is for a school's exports only: take it out of the configuration")
	}
	text, err := os.ReadFile(c.Columns)
	if err != nil {
		return nil, fmt.Errorf("read the file of columns: %w", err)
	}
	m, err := education.ReadMapping(text)
	if e, ok := errors.AsType[*fault.Error](err); ok && len(e.At) > 0 {
		return nil, fmt.Errorf("%s: %s: %s", c.Columns, e.At[0].Pointer, e.At[0].Detail)
	}
	return m.Doors(), err
}
