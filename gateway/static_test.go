package gateway

import (
	"io/fs"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The typeface, the crest and the crown belong to GOV.UK and are nowhere here.
func TestStylesheetCarriesNoForeignBrand(t *testing.T) {
	err := fs.WalkDir(staticFiles, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, ".txt") {
			return err
		}
		b, err := staticFiles.ReadFile(name)
		for _, foreign := range []string{"gds transport", "gds-transport", "crest", "crown", "@font-face", "margaret calvert", "/assets/"} {
			if strings.Contains(strings.ToLower(string(b)), foreign) {
				t.Errorf("%s holds %q", name, foreign)
			}
		}
		if strings.Contains(string(b), "url(") || strings.Contains(string(b), "@import") {
			t.Errorf("%s fetches something", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := staticFiles.ReadFile("static/govuk.LICENSE.txt"); err != nil || !strings.Contains(string(b), "MIT License") {
		t.Error("the stylesheet goes without its licence")
	}
}

// There is nothing in a page that its policy would block.
func TestTemplatesHaveNothingInline(t *testing.T) {
	inline := regexp.MustCompile(`(?i)\sstyle=|\son[a-z]+=|<style|<script(>| [^s])|javascript:`)
	names, _ := fs.Glob(templateFiles, "templates/*.html")
	for _, name := range names {
		b, err := templateFiles.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if found := inline.Find(b); found != nil {
			t.Errorf("%s has %q", name, found)
		}
	}
}

// Every pair of colours that text is set in: 4.5 to 1 (WCAG 2.2, 1.4.3).
func TestColoursContrast(t *testing.T) {
	b, err := staticFiles.ReadFile("static/kith.css")
	if err != nil {
		t.Fatal(err)
	}
	css := map[string]string{"white": "#ffffff"}
	for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(string(b), -1) {
		css[m[1]] = m[2]
	}
	for _, pair := range [][2]string{
		{"ink", "white"}, {"ink", "wash"}, {"quiet", "white"}, {"quiet", "wash"}, {"quiet", "late-wash"}, {"link", "white"}, {"link", "wash"}, {"link", "late-wash"},
		{"white", "brand"}, {"brand", "brand-soft"}, {"white", "alarm"}, {"alarm", "white"}, {"alarm", "alarm-wash"}, {"late", "late-wash"}, {"late", "white"},
		{"good", "good-wash"}, {"ink", "good-wash"}, {"quiet", "good-wash"}, {"white", "good"}, {"ink", "alarm-wash"}, {"ink", "late-wash"},
		{"white", "police"}, {"white", "health"}, {"white", "education"}, {"white", "socialcare"}, {"white", "other"},
	} {
		if css[pair[0]] == "" || css[pair[1]] == "" {
			t.Fatalf("no colour %s or %s", pair[0], pair[1])
		}
		if c := contrast(css[pair[0]], css[pair[1]]); c < 4.5 {
			t.Errorf("%s on %s: %.2f to 1", pair[0], pair[1], c)
		}
	}
	if c := contrast("#777777", "#ffffff"); c >= 4.5 {
		t.Errorf("the reckoning is wrong: %.2f", c)
	}
}

func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

func luminance(hex string) float64 {
	v, _ := strconv.ParseUint(hex[1:], 16, 32)
	part := func(shift uint) float64 {
		c := float64(v>>shift&255) / 255
		if c <= 0.03928 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}
