package gateway

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"kith/services/fault"
)

//go:embed static/*.css static/*.js static/*.svg static/govuk.LICENSE.txt
var staticFiles embed.FS

//go:embed templates/*.html
var templateFiles embed.FS

// assets are the public files. Their addresses carry a digest of what is in
// them, so a browser may keep them for ever.
type assets struct {
	address map[string]string // by name
	content map[string][]byte // by address
}

func loadAssets() (assets, error) {
	a := assets{map[string]string{}, map[string][]byte{}}
	names, err := fs.Glob(staticFiles, "static/*")
	for _, name := range names {
		b, err := staticFiles.ReadFile(name)
		if err != nil {
			return a, err
		}
		sum, ext := sha256.Sum256(b), path.Ext(name)
		base := path.Base(name)
		at := strings.TrimSuffix(base, ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.address[base], a.content[at] = "/static/"+at, b
	}
	return a, err
}

func (a assets) path(name string) (string, error) {
	if p, ok := a.address[name]; ok {
		return p, nil
	}
	return "", fmt.Errorf("no static file %s", name)
}

func (g *Gateway) static(w http.ResponseWriter, r *http.Request, _ *caller) error {
	name := r.PathValue("file")
	b, ok := g.assets.content[name]
	if !ok {
		return fault.NotFound
	}
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, err := w.Write(b)
	return err
}

// loadPages parses every page together with the layout.
func loadPages(a assets) (map[string]*template.Template, error) {
	layout, err := template.New("layout").Funcs(template.FuncMap{
		"asset":    a.path,
		"letter":   kindLetter,
		"kindName": func(kind string) string { return kindWords.of(kind) },
	}).ParseFS(templateFiles, "templates/layout.html")
	if err != nil {
		return nil, fmt.Errorf("parse layout: %w", err)
	}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	pages := map[string]*template.Template{}
	for _, name := range names {
		page := path.Base(name)
		if page == "layout.html" {
			continue
		}
		t, err := layout.Clone()
		if err == nil {
			t, err = t.ParseFS(templateFiles, name)
		}
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", page, err)
		}
		pages[page] = t.Lookup("layout")
	}
	return pages, err
}

// kindLetter stands in the mark of an agency kind, beside its shape and colour.
func kindLetter(kind string) string {
	if kind == "" {
		return "?"
	}
	return strings.ToUpper(kindWords.of(kind)[:1])
}
