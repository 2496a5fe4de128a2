package schemas

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Description is a schema as a person reads it.
type Description struct {
	Path, Title, Text string
	Fields            []Field // in the order of the file, each object before its fields
}

// Field is one field of what a schema describes.
type Field struct {
	Path     string // "fact.policeReference"; a list's entries are "about[]"
	Type     string // in words
	Required bool   // wherever the object is that holds it
	Text     string
	Codes    []string // all values there are, if they are listed
	Examples []string
}

// errNoSchema reports a path or a reference that leads to none.
var errNoSchema = errors.New("no such schema")

// Describe reads a schema and what it refers to. Of the rules that join several
// fields it says nothing: the texts of those fields do.
func Describe(file string) (Description, error) {
	n, err := resolve(file, "")
	if err != nil {
		return Description{}, err
	}
	d, at := Description{Path: file, Title: n.Title, Text: n.Text}, ""
	if n.Items != nil { // the whole is a list
		at = "[]"
		if n, file, err = n.Items.whole(file); err != nil {
			return Description{}, err
		}
	}
	err = n.fields(file, at, func(f Field) { d.Fields = append(d.Fields, f) })
	return d, err
}

// node is as much of a schema as a description needs.
type node struct {
	Ref        string            `json:"$ref"`
	Title      string            `json:"title"`
	Text       string            `json:"description"`
	Type       kinds             `json:"type"`
	Format     string            `json:"format"`
	Enum       []json.RawMessage `json:"enum"`
	Examples   []json.RawMessage `json:"examples"`
	Properties properties        `json:"properties"`
	Required   []string          `json:"required"`
	Items      *node             `json:"items"`
	Defs       map[string]*node  `json:"$defs"`
}

// kinds is one type, or several with "or" between them.
type kinds string

func (k *kinds) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(b, []byte("[")) {
		var several []string
		err := json.Unmarshal(b, &several)
		*k = kinds(strings.Join(several, " or "))
		return err
	}
	var one string
	err := json.Unmarshal(b, &one)
	*k = kinds(one)
	return err
}

// properties keeps the order of the file, which is the order to read them in.
type properties []property

type property struct {
	name string
	node node
}

// UnmarshalJSON reads an object in its order.
func (ps *properties) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		p := property{name: fmt.Sprint(name)}
		if err := d.Decode(&p.node); err != nil {
			return err
		}
		*ps = append(*ps, p)
	}
	return nil
}

// resolve reads a file, or the part of it that a JSON pointer names.
func resolve(file, pointer string) (node, error) {
	b, err := fs.ReadFile(files, file)
	if err != nil {
		return node{}, fmt.Errorf("%w: %s", errNoSchema, file)
	}
	var n node
	if err := json.Unmarshal(b, &n); err != nil {
		return node{}, fmt.Errorf("read schemas/%s: %w", file, err)
	}
	if n, ok := n.at(pointer); ok {
		return n, nil
	}
	return node{}, fmt.Errorf("%w: %s#%s", errNoSchema, file, pointer)
}

// at is the definition or the field below n that a JSON pointer names.
func (n node) at(pointer string) (node, bool) {
	if pointer == "" {
		return n, true
	}
	parts := strings.SplitN(pointer, "/", 4) // "", a keyword, a name, the rest
	if len(parts) < 3 {
		return node{}, false
	}
	rest := strings.TrimPrefix(pointer, strings.Join(parts[:3], "/"))
	switch d := n.Defs[parts[2]]; {
	case parts[1] == "$defs" && d != nil:
		return d.at(rest)
	case parts[1] == "properties":
		if i := slices.IndexFunc(n.Properties, func(p property) bool { return p.name == parts[2] }); i >= 0 {
			return n.Properties[i].node.at(rest)
		}
	}
	return node{}, false
}

// whole is a node with what it refers to, and the file in which its own
// references begin. What it says itself comes first.
func (n node) whole(file string) (node, string, error) {
	if n.Ref == "" {
		return n, file, nil
	}
	to, fragment, _ := strings.Cut(n.Ref, "#")
	if to != "" {
		file = path.Join(path.Dir(file), to)
	}
	base, err := resolve(file, fragment)
	if err != nil {
		return node{}, "", err
	}
	if base, file, err = base.whole(file); err != nil {
		return node{}, "", err
	}
	base.Title, base.Text = cmp.Or(n.Title, base.Title), cmp.Or(n.Text, base.Text)
	base.Required = slices.Concat(base.Required, n.Required)
	if len(n.Examples) > 0 {
		base.Examples = n.Examples
	}
	base.Properties = slices.Clone(base.Properties)
	for _, p := range n.Properties {
		base.Properties.narrow(p)
	}
	return base, file, nil
}

// narrow applies what a reference says further about a field that is there.
func (ps properties) narrow(by property) {
	for i := range ps {
		if ps[i].name == by.name {
			ps[i].node.Text = cmp.Or(by.node.Text, ps[i].node.Text)
			if by.node.Enum != nil {
				ps[i].node.Enum = by.node.Enum
			}
		}
	}
}

// fields tells of every field below n, which lies in file, at a place.
func (n node) fields(file, at string, tell func(Field)) error {
	for _, p := range n.Properties {
		sub, from, err := p.node.whole(file)
		if err != nil {
			return err
		}
		where := strings.TrimPrefix(at+"."+p.name, ".")
		f := Field{Path: where, Required: slices.Contains(n.Required, p.name), Text: sub.Text, Codes: plain(sub.Enum), Examples: plain(sub.Examples)}
		entry := sub
		if sub.Items != nil {
			if entry, from, err = sub.Items.whole(from); err != nil {
				return err
			}
			where += "[]"
			f.Codes = plain(entry.Enum)
		}
		f.Type = sub.words(entry)
		tell(f)
		if err := entry.fields(from, where, tell); err != nil {
			return err
		}
	}
	return nil
}

// words says of what kind a value is.
func (n node) words(entry node) string {
	if n.Items != nil {
		return "list of " + entry.words(node{})
	}
	switch {
	case n.Enum != nil:
		return "code"
	case n.Format == "date":
		return "day"
	case n.Format == "date-time":
		return "moment"
	case n.Format == "nhs-number":
		return "NHS number"
	case n.Format == "upn":
		return "unique pupil number"
	case n.Format != "":
		return n.Format
	case n.Type == "boolean":
		return "true or false"
	case n.Type == "integer":
		return "whole number"
	case n.Type == "string":
		return "text"
	}
	return cmp.Or(string(n.Type), "any")
}

func plain(vs []json.RawMessage) (out []string) {
	for _, v := range vs {
		var s string
		if json.Unmarshal(v, &s) != nil {
			s = string(v)
		}
		out = append(out, s)
	}
	return out
}
