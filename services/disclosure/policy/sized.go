package policy

import (
	"fmt"
	"strings"
)

// Sized is the set that comes with the hub, with as many more policies about seeing
// an item that this act has n: such as a partnership might add for one team each,
// and none of which speaks. It is for measuring what a decision costs.
func Sized(n int) (*Set, error) {
	s, err := Default()
	if err != nil {
		return nil, err
	}
	b := strings.Builder{}
	b.Write(text)
	for i := len(s.rules[See]); i < n; i++ {
		fmt.Fprintf(&b, `
@id("local-%d") @basis("a local agreement") @because("It is agreed for this team.")
permit (principal, action == Action::"see", resource)
when { principal.role == "dsl" && resource.kind == "education" && context.purpose == "early-help" && resource.label == "core" && resource.own };
`, i)
	}
	return Load([]byte(b.String()))
}
