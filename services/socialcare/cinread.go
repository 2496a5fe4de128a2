package socialcare

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"kith/services/internal/native"
)

// cinNode is an element that was read and fits.
type cinNode struct {
	name, at, text string
	parts          []cinNode
}

// text is that of the part with a name, "" where there is none.
func (n cinNode) part(name string) cinNode {
	for _, p := range n.parts {
		if p.name == name {
			return p
		}
	}
	return cinNode{at: n.at + "/" + name}
}

// all are the parts with a name, in order.
func (n cinNode) all(name string) []cinNode {
	var out []cinNode
	for _, p := range n.parts {
		if p.name == name {
			out = append(out, p)
		}
	}
	return out
}

// mostNamed is how many places of one document are named: a document of another
// kind fits nowhere, and nobody mends more at once.
const mostNamed = 100

// cinReader reads a document by a grammar. It takes no document type, no entity of
// its own, no processing instruction and no namespace, so that nothing outside the
// document is looked at and nothing in it grows.
type cinReader struct {
	x     *xml.Decoder
	f     *native.Form
	wrong int
}

var errCINEnough = errors.New("enough is wrong")

// readCIN returns the document, or what is wrong with it by paths such as
// "/Message/Children/Child[2]/CINdetails[1]/ReferralSource".
func readCIN(raw []byte, grammar cinElement) (cinNode, error) {
	r := &cinReader{x: xml.NewDecoder(bytes.NewReader(raw)), f: &native.Form{}}
	root, err := r.root(grammar)
	if err != nil && !errors.Is(err, errCINEnough) {
		line, _ := r.x.InputPos()
		r.f.Wrong("", fmt.Sprintf("one well-formed XML document in UTF-8, with nothing before and after its element (line %d)", line))
	}
	return root, r.f.Err()
}

func (r *cinReader) name(at, instead string) error {
	r.f.Wrong(at, instead)
	if r.wrong++; r.wrong < mostNamed {
		return nil
	}
	r.f.Wrong("", fmt.Sprintf("a document with less to mend: only the first %d places are named", mostNamed))
	return errCINEnough
}

// next is the next start, text or end.
func (r *cinReader) next() (xml.Token, error) {
	for {
		t, err := r.x.RawToken()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.Comment:
		case xml.ProcInst:
			if t.Target != "xml" || r.x.InputOffset() > 200 {
				return nil, errors.New("an instruction")
			}
		case xml.Directive:
			return nil, errors.New("a document type")
		default:
			return xml.CopyToken(t), nil
		}
	}
}

func (r *cinReader) root(e cinElement) (cinNode, error) {
	for {
		t, err := r.next()
		if err != nil {
			return cinNode{}, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if t.Name != (xml.Name{Local: e.name}) {
				return cinNode{}, r.name("", "a document whose element is "+e.name)
			}
			n, err := r.element(e, t, "/"+e.name)
			if err != nil {
				return n, err
			}
			return n, r.end()
		case xml.CharData:
			if len(bytes.TrimSpace(bytes.TrimPrefix(t, []byte("\ufeff")))) > 0 {
				return cinNode{}, errors.New("text before the element")
			}
		default:
			return cinNode{}, errors.New("an end without a beginning")
		}
	}
}

// end makes sure that nothing follows.
func (r *cinReader) end() error {
	for {
		t, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if text, ok := t.(xml.CharData); err != nil || !ok || len(bytes.TrimSpace(text)) > 0 {
			return errors.New("something after the element")
		}
	}
}

// element reads what is in an element, to its end.
func (r *cinReader) element(e cinElement, start xml.StartElement, at string) (cinNode, error) {
	n := cinNode{name: e.name, at: at}
	for _, a := range start.Attr {
		if a.Name.Space == "xmlns" || a.Name.Space == "xsi" {
			continue // where its schema is said to lie, which is not looked at
		}
		if err := r.name(at, "no attribute"); err != nil {
			return n, err
		}
	}
	if e.value != nil {
		return r.leaf(e, n)
	}
	return r.sequence(e, n)
}

func (r *cinReader) leaf(e cinElement, n cinNode) (cinNode, error) {
	var text strings.Builder
	named := false
	for {
		t, err := r.next()
		if err != nil {
			return n, err
		}
		switch t := t.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			if !named {
				if err := r.name(n.at, e.value.words); err != nil {
					return n, err
				}
			}
			named = true
			if err := r.skip(t); err != nil {
				return n, err
			}
		case xml.EndElement:
			if n.text = strings.TrimSpace(text.String()); t.Name != (xml.Name{Local: e.name}) {
				return n, errors.New("another element ends")
			}
			given := n.text
			if e.value.exact() {
				given = text.String()
			}
			if !named && !e.value.fits(given) {
				return n, r.name(n.at, e.value.words)
			}
			return n, nil
		}
	}
}

func (r *cinReader) sequence(e cinElement, n cinNode) (cinNode, error) {
	seen := make([]int, len(e.parts))
	here := 0 // the part that stood last
	for {
		t, err := r.next()
		if err != nil {
			return n, err
		}
		switch t := t.(type) {
		case xml.CharData:
			if len(bytes.TrimSpace(t)) == 0 {
				continue
			}
			if err := r.name(n.at, "no text between its elements"); err != nil {
				return n, err
			}
		case xml.StartElement:
			if here, err = r.member(e, &n, t, seen, here); err != nil {
				return n, err
			}
		case xml.EndElement:
			if t.Name != (xml.Name{Local: e.name}) {
				return n, errors.New("another element ends")
			}
			return n, r.missing(e, n.at, seen)
		}
	}
}

// member reads one part, and answers which it was.
func (r *cinReader) member(e cinElement, n *cinNode, t xml.StartElement, seen []int, here int) (int, error) {
	i := e.index(t.Name)
	if i < 0 {
		line, _ := r.x.InputPos()
		if err := r.name(n.at, fmt.Sprintf("only %s, which the element on line %d is not", e.names(), line)); err != nil {
			return here, err
		}
		return here, r.skip(t)
	}
	p := e.parts[i]
	seen[i]++
	at := n.at + "/" + p.name
	if p.most != 1 {
		at += fmt.Sprintf("[%d]", seen[i])
	}
	switch {
	case p.most != 0 && seen[i] > p.most:
		if err := r.name(at, "this element once"); err != nil {
			return here, err
		}
	case i < here:
		if err := r.name(at, "this element before "+e.parts[here].name); err != nil {
			return here, err
		}
	}
	child, err := r.element(p, t, at)
	n.parts = append(n.parts, child)
	return max(here, i), err
}

func (r *cinReader) missing(e cinElement, at string, seen []int) error {
	for i, p := range e.parts {
		if seen[i] >= p.least {
			continue
		}
		if err := r.name(at+"/"+p.name, "this element, which is missing"); err != nil {
			return err
		}
	}
	return nil
}

// skip passes over an element that is not looked at.
func (r *cinReader) skip(start xml.StartElement) error {
	open := []xml.Name{start.Name}
	for len(open) > 0 {
		t, err := r.next()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			open = append(open, t.Name)
		case xml.EndElement:
			if t.Name != open[len(open)-1] {
				return errors.New("another element ends")
			}
			open = open[:len(open)-1]
		}
	}
	return nil
}

func (e cinElement) index(name xml.Name) int {
	for i, p := range e.parts {
		if name == (xml.Name{Local: p.name}) {
			return i
		}
	}
	return -1
}

func (e cinElement) names() string {
	var names []string
	for _, p := range e.parts {
		names = append(names, p.name)
	}
	return strings.Join(names, ", ")
}
