package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"kith/services/fault"
)

// onDisk are the schemas as they lie there now: after KITH_UPDATE=1 has written
// some of them, those that were compiled in are of before.
var onDisk = os.DirFS("../schemas")

// TestOpenAPI: the published file says what the routes are, and holds every
// schema that it speaks of. KITH_UPDATE=1 writes it.
func TestOpenAPI(t *testing.T) {
	keepShapes(t)
	keepExamples(t)
	w := newWorld(t)
	ops := operations()
	byPath, left := map[string][]string{}, maps.Clone(ops)
	for _, rt := range w.routes() {
		method, path, _ := strings.Cut(rt.pattern, " ")
		if strings.HasPrefix(path, "/v1/") {
			if _, ok := ops[rt.pattern]; !ok {
				t.Errorf("%s is not described: add it to operations", rt.pattern)
			}
			byPath[path] = append(byPath[path], method)
			delete(left, rt.pattern)
		}
	}
	for pattern := range left {
		t.Errorf("there is no route %s", pattern)
	}
	var b strings.Builder
	parts := bundle{t: t, done: map[string]bool{}, told: map[fault.Kind]bool{}}
	b.WriteString(openAPIHead)
	for _, path := range slices.Sorted(maps.Keys(byPath)) {
		fmt.Fprintf(&b, "  %s:\n", q(path))
		for _, method := range byPath[path] {
			describe(&b, &parts, method, path, ops[method+" "+path])
		}
	}
	fmt.Fprintf(&b, openAPIHooks, parts.ref("api/messages.json"))
	responses(&b, &parts)
	kept(t, "openapi.yaml", b.String()+parts.text())
	parts.unused()
}

func q(s string) string { b, _ := json.Marshal(s); return string(b) }

// inPath says what stands in braces in an address.
var inPath = map[string][2]string{
	"child":       {"The hub's id of the child.", "api/concern.json#/$defs/child"},
	"discussion":  {"The id of the discussion.", "api/view.json#/$defs/discussionId"},
	"consent":     {"The id of the consent.", "api/view.json#/$defs/consentId"},
	"finding":     {"The id of the finding.", "api/review-form.json#/$defs/finding"},
	"reference":   {"The reference of the concern.", "api/concern.json#/properties/reference"},
	"erasure":     {"The id of the erasure.", "api/erasure.json#/$defs/id"},
	"hold":        {"The id of the legal hold.", "api/hold.json#/$defs/id"},
	"restriction": {"The id of the restriction.", "api/restriction.json#/properties/restriction"},
	"lift":        {"The id of the proposal.", "api/lift.json#/properties/lift"},
	"notice":      {"The reference of the notice.", "api/glass.json#/properties/notice"},
	"review":      {"The id of the question.", "api/reviews.json#/properties/reviews/items/properties/review"},
}

// attributes of a CloudEvent stand in headers in binary mode.
var attributes = [][2]string{
	{"specversion", "always 1.0. The body is then the data alone."}, {"id", "what names the event, together with its source."},
	{"source", "yours, as the hub's operator registered it."}, {"type", "what kind of event it is."},
	{"time", "when the event was made. Any other attribute or extension has a header of its own too, percent-encoded."},
}

func describe(b *strings.Builder, parts *bundle, method, path string, o operation) {
	fmt.Fprintf(b, "    %s:\n      operationId: %s\n      summary: %s\n", strings.ToLower(method), o.ID, q(o.Summary))
	var ps string
	for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(path, -1) {
		ps += fmt.Sprintf("        - {name: %s, in: path, required: true, description: %s, schema: %s}\n", m[1], q(inPath[m[1]][0]), parts.ref(inPath[m[1]][1]))
	}
	for _, p := range o.Query {
		schema := "{type: string}"
		if p.Kind != "text" {
			schema = parts.ref(p.Kind)
		}
		ps += fmt.Sprintf("        - {name: %s, in: query, required: %v, description: %s, schema: %s}\n", p.Name, p.Required, q(p.Text), schema)
	}
	if o.Once {
		ps += "        - {$ref: \"#/components/parameters/once\"}\n"
	}
	if len(o.Bodies) > 1 { // CloudEvents in binary mode
		for _, a := range attributes {
			ps += fmt.Sprintf("        - {name: ce-%s, in: header, required: false, description: %s, schema: {type: string}}\n", a[0], q("In binary mode: "+a[1]))
		}
	}
	if ps != "" {
		b.WriteString("      parameters:\n" + ps)
	}
	example := parts.example(o.ID)
	if o.reads() {
		b.WriteString("      requestBody:\n        required: true\n        content:\n")
		for i, c := range o.Bodies {
			fmt.Fprintf(b, "          %s:\n            schema: %s\n", c.Media, parts.ref(c.Schema))
			if i == 0 {
				b.WriteString(indented(example, "request", 12))
			}
		}
	}
	fmt.Fprintf(b, "      responses:\n        \"%d\":\n          description: %s\n", o.Status, q(parts.title(o.Answer.Schema)))
	b.WriteString(carrying(append(slices.Clone(o.Headers), o.Place), 10))
	schema := "{type: string}"
	if o.Answer.Schema != "" {
		schema = parts.ref(o.Answer.Schema)
	}
	fmt.Fprintf(b, "          content:\n            %s:\n              schema: %s\n%s", o.Answer.Media, schema, indented(example, "response", 14))
	for _, k := range o.problems() {
		if len(o.Headers) == 0 {
			parts.told[k.Kind] = true
			fmt.Fprintf(b, "        \"%d\": {$ref: \"#/components/responses/%s\"}\n", k.Status, k.Kind)
			continue
		}
		fmt.Fprintf(b, "        \"%d\":\n%s", k.Status, response(parts, k, o.Headers, 10))
	}
}

// response is a problem of a kind, with its headers.
func response(parts *bundle, k kind, more []string, by int) string {
	in := strings.Repeat(" ", by)
	return in + "description: " + q(k.Title+". "+k.Do) + "\n" + carrying(append(headersOf(k.Kind), more...), by) +
		in + "content:\n" + in + "  " + problemType + ":\n" + in + "    schema: {allOf: [" + parts.ref(problemShape) +
		fmt.Sprintf(`, {properties: {type: {const: "https://kith.uk/problems/%s"}, status: {const: %d}}}]}`, k.Kind, k.Status) + "\n"
}

func carrying(names []string, by int) (s string) {
	in := strings.Repeat(" ", by)
	for _, name := range names {
		if name != "" {
			s += fmt.Sprintf("%s  %s: {$ref: \"#/components/headers/%s\"}\n", in, name, name)
		}
	}
	if s != "" {
		s = in + "headers:\n" + s
	}
	return s
}

// responses are the parts that answers have in common: problems and headers.
func responses(b *strings.Builder, parts *bundle) {
	b.WriteString("  responses:\n")
	for _, k := range kinds {
		if parts.told[k.Kind] {
			fmt.Fprintf(b, "    %s:\n%s", k.Kind, response(parts, k, nil, 6))
		}
	}
	b.WriteString("  headers:\n")
	for _, h := range headers {
		always := h.Name != "RateLimit" && h.Name != "RateLimit-Policy"
		fmt.Fprintf(b, "    %s:\n      description: %s\n      required: %v\n      schema: {type: string, examples: [%s]}\n", h.Name, q(h.Text), always, q(h.Example))
	}
}

// bundle gathers the schemas that the file speaks of, so that it stands by itself.
type bundle struct {
	t     *testing.T
	done  map[string]bool // places that are components
	order []string
	told  map[fault.Kind]bool // kinds of problem that are spoken of
}

// component splits a place into that of a component, which is a file or one of
// its definitions, and what is meant of it.
func component(place string) (whole, part string) {
	file, pointer, _ := strings.Cut(place, "#")
	if rest, ok := strings.CutPrefix(pointer, "/$defs/"); ok {
		def, part, _ := strings.Cut(rest, "/")
		return file + "#" + def, strings.TrimSuffix("/"+part, "/")
	}
	return file, pointer
}

// name is that of a component in the file.
func name(component string) string {
	component = strings.TrimPrefix(component, "common.v1.json#")
	return strings.NewReplacer("/", ".", ".json", "", "#", ".").Replace(strings.TrimPrefix(component, "api/"))
}

// ref is a reference to a schema by its place below schemas/.
func (p *bundle) ref(place string) string { return fmt.Sprintf("{$ref: %q}", p.pointer(place)) }

func (p *bundle) pointer(place string) string {
	whole, part := component(place)
	if !p.done[whole] {
		p.done[whole] = true
		p.order = append(p.order, whole)
	}
	return "#/components/schemas/" + name(whole) + part
}

func (p *bundle) title(file string) string {
	if file == "" {
		return "A stream."
	}
	var s struct{ Title string }
	b, err := fs.ReadFile(onDisk, file)
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil || s.Title == "" {
		p.t.Fatal(file, err)
	}
	return s.Title + "."
}

// text is every schema, once. Reading one may bring in others.
func (p *bundle) text() string {
	texts := map[string]string{}
	for i := 0; i < len(p.order); i++ {
		file, def, _ := strings.Cut(p.order[i], "#")
		n := p.read(file, def)
		p.localise(file, n)
		texts[name(p.order[i])] = yamlText(p.t, n, 6)
	}
	var b strings.Builder
	b.WriteString("  schemas:\n")
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		fmt.Fprintf(&b, "    %s:\n%s", name, texts[name])
	}
	return b.String()
}

// read is a file, without its definitions, or one of these.
func (p *bundle) read(file, def string) *yaml.Node {
	b, err := fs.ReadFile(onDisk, file)
	var doc yaml.Node
	if err == nil {
		err = yaml.Unmarshal(b, &doc)
	}
	if err != nil {
		p.t.Fatal(file, err)
	}
	n, kept := doc.Content[0], []*yaml.Node(nil)
	if def != "" {
		return member(member(n, "$defs"), def)
	}
	for i := 0; i < len(n.Content); i += 2 {
		if key := n.Content[i].Value; key != "$id" && key != "$schema" && key != "$defs" {
			kept = append(kept, n.Content[i:i+2]...)
		}
	}
	n.Content = kept
	return n
}

func member(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return &yaml.Node{Kind: yaml.MappingNode}
}

// localise makes every reference one into this file.
func (p *bundle) localise(file string, n *yaml.Node) {
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && c.Value == "$ref" {
			to, fragment, _ := strings.Cut(n.Content[i+1].Value, "#")
			if to = path.Join(path.Dir(file), to); strings.HasPrefix(n.Content[i+1].Value, "#") {
				to = file
			}
			n.Content[i+1].Value = p.pointer(to + "#" + fragment)
		}
		p.localise(file, c)
	}
}

// unused complains of what lies in schemas/api and is nowhere spoken of.
func (p *bundle) unused() {
	all, err := fs.Glob(onDisk, "api/*.json")
	if err != nil || len(all) == 0 {
		p.t.Fatal(err)
	}
	for _, f := range all {
		if !p.done[f] {
			p.t.Errorf("schemas/%s belongs to no operation", f)
		}
	}
}

// example is what was said when the example was taken, by "request" and "response".
func (p *bundle) example(id string) map[string]*yaml.Node {
	b, err := fs.ReadFile(onDisk, "api/examples/"+id+".json")
	if err != nil {
		return nil
	}
	var said map[string]*yaml.Node
	var whole map[string]yaml.Node
	if err := yaml.Unmarshal(b, &whole); err != nil {
		p.t.Fatal(err)
	}
	said = map[string]*yaml.Node{}
	for k, n := range whole {
		said[k] = &n
	}
	return said
}

func indented(example map[string]*yaml.Node, which string, by int) string {
	n := example[which]
	if n == nil {
		return ""
	}
	in := strings.Repeat(" ", by)
	return in + "examples:\n" + in + "  invented:\n" + in + "    value:\n" + yamlText(nil, n, by+6)
}

func yamlText(t *testing.T, n *yaml.Node, by int) string {
	plain(n)
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(n); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(b.String()) {
		if strings.TrimSpace(line) != "" {
			out.WriteString(strings.Repeat(" ", by))
		}
		out.WriteString(line)
	}
	return out.String()
}

// plain lays JSON out as YAML is usually written, short lists on one line.
func plain(n *yaml.Node) {
	n.Style = 0
	short := n.Kind == yaml.SequenceNode && len(n.Content) < 5 || len(n.Content) == 0
	for _, c := range n.Content {
		plain(c)
		short = short && c.Kind == yaml.ScalarNode
	}
	if short && n.Kind != yaml.ScalarNode {
		n.Style = yaml.FlowStyle
	}
}
