package gateway

import (
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// page is a parsed page that a test asks about by selector.
type parsed struct {
	*testing.T
	root *html.Node
}

func parse(t *testing.T, rec *httptest.ResponseRecorder) parsed {
	t.Helper()
	root, err := html.Parse(strings.NewReader(rec.Body.String()))
	if err != nil {
		t.Fatal(err)
	}
	return parsed{t, root}
}

// all finds the elements that fit "tag", "#id", ".class" or "tag.class",
// anywhere under the page.
func (p parsed) all(selector string) (found []*html.Node) {
	tag, class, _ := strings.Cut(selector, ".")
	tag, id, _ := strings.Cut(tag, "#")
	for n := range p.root.Descendants() {
		if n.Type != html.ElementNode || tag != "" && n.Data != tag || id != "" && attr(n, "id") != id {
			continue
		}
		if class == "" || strings.Contains(" "+attr(n, "class")+" ", " "+class+" ") {
			found = append(found, n)
		}
	}
	return found
}

func (p parsed) one(selector string) *html.Node {
	p.Helper()
	found := p.all(selector)
	if len(found) != 1 {
		p.Fatalf("%d elements fit %s, want 1", len(found), selector)
	}
	return found[0]
}

// says asserts that the one element that fits says something.
func (p parsed) says(selector, want string) {
	p.Helper()
	if got := saying(p.one(selector)); !strings.Contains(got, want) {
		p.Errorf("%s says %q, want %q in it", selector, got, want)
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// saying is what an element says, with its spaces folded.
func saying(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}
