package bus

import (
	"net/url"
	"strings"

	"github.com/cloudevents/sdk-go/v2/types"
)

// uriReference reports whether s is a URI reference (RFC 3986): net/url takes
// much that is none, letters of any alphabet among it.
func uriReference(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '%':
			if i+2 >= len(s) || unhex(s[i+1]) < 0 || unhex(s[i+2]) < 0 {
				return false
			}
			i += 2
		case !strings.ContainsRune("-._~:/?#[]@!$&'()*+,;=", rune(c)):
			return false
		}
	}
	_, err := url.Parse(s)
	return err == nil && strings.Count(s, "#") < 2
}

// verbatim is a URI reference that is written as it was read. Parsed into its
// parts, URN:x and urn:x# would come out as urn:x, and pass for it.
func verbatim(s string) types.URIRef { return types.URIRef{URL: url.URL{Opaque: s}} }
