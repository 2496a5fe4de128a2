package native

import (
	"strconv"

	"kith/events"
)

// Revised is the id of a record that is sent again with changes under a revision,
// from 2 on, and which version of it that is. Records without one are the first.
func Revised(name string, revision int, at string) (id string, v events.Version) {
	revision = max(revision, 1)
	if id = name; revision > 1 {
		id += ":" + strconv.Itoa(revision)
	}
	return id, events.Version{Record: name, Number: int64(revision), At: at}
}
