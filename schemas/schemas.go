// Package schemas is the public contract: one JSON Schema (2020-12) for the data
// of each CloudEvent that an agency may publish or that the hub sends. It is what
// another agency's developer reads first. A schema is never edited after release;
// a change is a new version beside it.
//
// The folder api holds what the hub's HTTP API takes and answers. Those files have
// no versions: they are true of the hub that serves them, and openapi.yaml holds
// them whole.
//
// Formats are meant to be asserted. Two of them are ours: "nhs-number" and "upn",
// a number whose check digit or check letter is right.
package schemas

import (
	"embed"
	"io/fs"
	"strings"
)

// Base is what the $id of every schema begins with; the rest is its path here.
const Base = "https://kith.uk/schemas/"

//go:embed */*.v*.json common.v*.json api/*.json api/examples/*.json *.yaml
var files embed.FS

// FS holds every schema under its path, for example
// "police/missing-episode.v1.json", the shared definitions, openapi.yaml and
// asyncapi.yaml.
func FS() fs.FS { return files }

// For is the path of the schema for a CloudEvents type: of
// "uk.kith.police.missing-episode.v1" it is "police/missing-episode.v1.json".
// False means that there is none: such an event cannot be published.
func For(eventType string) (string, bool) {
	rest, ours := strings.CutPrefix(eventType, "uk.kith.")
	family, name, _ := strings.Cut(rest, ".")
	path := family + "/" + name + ".json"
	if !ours || !fs.ValidPath(path) || !strings.Contains(name, ".v") { // what has no version is no event
		return "", false
	}
	_, err := fs.Stat(files, path)
	return path, err == nil
}
