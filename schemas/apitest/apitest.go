// Package apitest compares what goes over the wire with openapi.yaml. It is for
// tests: whoever drives the hub over HTTP asks it of every request and answer.
package apitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"kith/events"
	"kith/schemas"
)

// Contract is openapi.yaml. It is safe for concurrent use.
type Contract struct {
	root spot
	mux  *http.ServeMux

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

const file = schemas.Base + "openapi.yaml"

// Open reads the file as the hub serves it.
func Open() (*Contract, error) {
	text, err := fs.ReadFile(schemas.FS(), "openapi.yaml")
	if err != nil {
		return nil, err
	}
	var loose any
	if err := yaml.Unmarshal(text, &loose); err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	exact, err := json.Marshal(loose)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(exact))
	if err != nil {
		return nil, err
	}
	c := &Contract{root: spot{doc: doc, value: doc}, mux: http.NewServeMux(), compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}}
	c.compiler.AssertFormat()
	for name, valid := range map[string]func(string) bool{"nhs-number": events.ValidNHSNumber, "upn": events.ValidUPN} {
		c.compiler.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			if s, ok := v.(string); ok && !valid(s) {
				return fs.ErrInvalid
			}
			return nil
		}})
	}
	for _, op := range c.Operations() {
		c.mux.Handle(op, http.NotFoundHandler())
	}
	return c, c.compiler.AddResource(file, doc)
}

// Operations are all there are, such as "GET /v1/concerns/{reference}".
func (c *Contract) Operations() (all []string) {
	for path, item := range c.root.get("paths").object() {
		for method := range (spot{value: item}).object() {
			all = append(all, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(all)
	return all
}

// Statuses are those that an operation may answer with.
func (c *Contract) Statuses(operation string) []string {
	return slices.Sorted(maps.Keys(c.operation(operation).get("responses").object()))
}

// Of is the operation that a request is for, if there is one.
func (c *Contract) Of(method, target string) (string, bool) {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return "", false
	}
	_, pattern := c.mux.Handler(&http.Request{Method: method, URL: u})
	return pattern, pattern != ""
}

func (c *Contract) operation(pattern string) spot {
	method, path, _ := strings.Cut(pattern, " ")
	return c.root.get("paths").get(path).get(strings.ToLower(method))
}

// Request is an error unless the operation takes such a body and such
// parameters behind the question mark.
func (c *Contract) Request(method, target, contentType string, body []byte) error {
	pattern, ok := c.Of(method, target)
	if !ok {
		return fmt.Errorf("no operation %s %s", method, target)
	}
	op := c.operation(pattern)
	if err := c.query(op, target); err != nil {
		return fmt.Errorf("%s: %w", pattern, err)
	}
	content := op.get("requestBody").get("content")
	if content.value == nil {
		return nil // whatever is sent is not read
	}
	if err := c.body(content, contentType, body); err != nil {
		return fmt.Errorf("request %s: %w", pattern, err)
	}
	return nil
}

func (c *Contract) query(op spot, target string) error {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return err
	}
	q := u.Query()
	for i := range op.get("parameters").list() {
		p := op.get("parameters").get(strconv.Itoa(i))
		name := fmt.Sprint(p.get("name").value)
		if p.get("in").value != "query" {
			continue
		}
		if !q.Has(name) {
			if p.get("required").value == true {
				return fmt.Errorf("parameter %s is missing", name)
			}
			continue
		}
		if err := c.valid(p.get("schema"), q.Get(name)); err != nil {
			return fmt.Errorf("parameter %s: %w", name, err)
		}
		q.Del(name)
	}
	for name := range q {
		return fmt.Errorf("no parameter %s", name)
	}
	return nil
}

// Answer is an error unless the operation may answer so: its status, its headers
// as far as the contract speaks of them anywhere, and its body.
func (c *Contract) Answer(method, target string, status int, h http.Header, body []byte) error {
	pattern, ok := c.Of(method, target)
	response := c.root.get("components").get("responses").get("not-found")
	if ok {
		response = c.operation(pattern).get("responses").get(strconv.Itoa(status))
	} else if status != http.StatusNotFound {
		return fmt.Errorf("%s %s: %d from no operation", method, target, status)
	}
	if response.value == nil {
		return fmt.Errorf("%s: it may not answer %d", pattern, status)
	}
	if err := c.headers(response.get("headers"), h); err != nil {
		return fmt.Errorf("%s: %d: %w", pattern, status, err)
	}
	if err := c.body(response.get("content"), h.Get("Content-Type"), body); err != nil {
		return fmt.Errorf("%s: %d: %w", pattern, status, err)
	}
	return nil
}

func (c *Contract) headers(listed spot, h http.Header) error {
	for name := range c.root.get("components").get("headers").object() {
		here := listed.get(name)
		switch v := h.Get(name); {
		case v != "" && here.value == nil:
			return fmt.Errorf("header %s is not listed", name)
		case v == "" && here.get("required").value == true:
			return fmt.Errorf("header %s is missing", name)
		case v != "":
			if err := c.valid(here.get("schema"), v); err != nil {
				return fmt.Errorf("header %s: %w", name, err)
			}
		}
	}
	return nil
}

func (c *Contract) body(content spot, contentType string, body []byte) error {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || content.get(media).value == nil {
		return fmt.Errorf("content type %q is not listed", contentType)
	}
	var v any = string(body)
	if strings.HasSuffix(media, "json") {
		if v, err = jsonschema.UnmarshalJSON(bytes.NewReader(body)); err != nil {
			return errors.New("not a JSON document")
		}
	}
	return c.valid(content.get(media).get("schema"), v)
}

func (c *Contract) valid(schema spot, v any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.compiled[schema.at]
	if s == nil {
		var err error
		if s, err = c.compiler.Compile(file + "#" + schema.at); err != nil {
			return err
		}
		c.compiled[schema.at] = s
	}
	return s.Validate(v)
}

// spot is a place in the document. What only refers elsewhere is followed.
type spot struct {
	doc, value any
	at         string
}

func (s spot) object() map[string]any { m, _ := s.value.(map[string]any); return m }
func (s spot) list() []any            { l, _ := s.value.([]any); return l }

func (s spot) get(name string) spot {
	next := spot{doc: s.doc, value: s.object()[name],
		at: s.at + "/" + url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))}
	if n, err := strconv.Atoi(name); err == nil && n < len(s.list()) {
		next.value = s.list()[n]
	}
	ref, _ := next.object()["$ref"].(string)
	if ref == "" || len(next.object()) > 1 {
		return next
	}
	to := spot{doc: s.doc, value: s.doc}
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		to = to.get(strings.NewReplacer("~1", "/", "~0", "~").Replace(part))
	}
	return to
}
