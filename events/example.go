package events

import "embed"

// The golden examples travel with the program: whoever asks what an event looks
// like is shown the very one that the tests take through the codec.
//
//go:embed testdata/*.json
var examples embed.FS

// Example is the golden example of a type: for a fact the data of its CloudEvent,
// for a decision what the event store holds. Everybody in it is invented.
func Example(t Type) ([]byte, bool) {
	b, err := examples.ReadFile("testdata/" + string(t) + ".json")
	return b, err == nil
}
