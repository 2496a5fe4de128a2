package police

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"mime"
	"strings"

	"kith/events"
	"kith/services/internal/native"
)

const mostAttachments = 50

// poleAttachment is a document in the Standard Data Model. Its name is not read:
// the public chose it. Instead of its content the force may give size and digest.
type poleAttachment struct {
	MimeType string `json:"attachmentMimeType"`
	Content  string `json:"attachmentContent"` // base64
	Size     int64  `json:"attachmentSize"`
	Digest   string `json:"attachmentDigest"` // "sha256:" and 64 hexadecimal digits
}

// held makes claim checks of a submission's documents: what the police keep, and
// how to tell it again. The content goes no further.
func held(f *native.Form, documents []entity, reference string) (out []events.HeldDocument) {
	if len(documents) > mostAttachments {
		f.Wrong("/included", "at most 50 attachments")
		return nil
	}
	for _, e := range documents {
		a := attributes[poleAttachment](f, e)
		d := events.HeldDocument{
			Reference: reference + "/" + f.Reference(e.at+"/id", e.ID),
			MediaType: mediaType(f, e.at+"/attributes/attachmentMimeType", a.MimeType),
		}
		d.Size, d.Digest = a.claim(f, e.at+"/attributes")
		out = append(out, d)
	}
	return out
}

func (a poleAttachment) claim(f *native.Form, at string) (int64, string) {
	if a.Content == "" {
		sum, ok := strings.CutPrefix(a.Digest, "sha256:")
		if b, err := hex.DecodeString(sum); !ok || err != nil || len(b) != sha256.Size || sum != strings.ToLower(sum) {
			f.Wrong(at+"/attachmentContent", "the content in base64, or attachmentSize and attachmentDigest (sha256: and 64 hexadecimal digits in lower case)")
		}
		if a.Size < 0 {
			f.Wrong(at+"/attachmentSize", "the number of bytes")
		}
		return a.Size, a.Digest
	}
	b, err := base64.StdEncoding.DecodeString(a.Content)
	if err != nil {
		f.Wrong(at+"/attachmentContent", "base64 (RFC 4648, with padding)")
	}
	sum := sha256.Sum256(b)
	return int64(len(b)), "sha256:" + hex.EncodeToString(sum[:])
}

func mediaType(f *native.Form, at, v string) string {
	t, _, err := mime.ParseMediaType(v)
	if err != nil || !strings.Contains(t, "/") || len(t) > 100 {
		f.Wrong(at, "a media type, such as application/pdf")
	}
	return t
}
