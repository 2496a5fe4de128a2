package signin

import (
	"time"

	"kith/events"
)

// Post is one of those that somebody may sign in as.
type Post struct {
	Agency events.AgencyID
	Role   events.ReaderRole
	Seat   string // the words for it, if the configuration has some
}

// choice is somebody who has been let in and has yet to say as what. The browser
// keeps it, sealed.
type choice struct {
	Issuer, Mark string

	Who   Who
	Until time.Time
}

// deciding is how long somebody may take for that.
const deciding = 2 * time.Minute

const choiceKind = "choice"

// Keep seals somebody with several posts, for Choose.
func (s *SignIn) Keep(issuer string, w Who) (string, error) {
	return s.sealer.seal(choiceKind, choice{issuer, secret(), w, s.Now().Add(deciding)})
}

// Choose takes the post with this number in Who.Posts.
func (s *SignIn) Choose(issuer, kept string, n int) (Who, error) {
	var c choice
	if s == nil || !s.sealer.open(choiceKind, kept, &c) || !s.Now().Before(c.Until) {
		return Who{}, refused(NotBegun)
	}
	if c.Issuer != issuer || n < 0 || n >= len(c.Who.Posts) {
		return Who{}, refused(OtherState)
	}
	if !s.once(c.Mark, c.Until) {
		return Who{}, refused(Replayed)
	}
	return s.as(c.Who, c.Who.Posts[n]), nil
}

// as is somebody in one of their posts.
func (s *SignIn) as(w Who, p Post) Who {
	a := s.Agency(p.Agency)
	w.Post, w.Posts = p.Seat, nil
	w.Reader.Agency, w.Reader.Kind, w.Reader.Role = a.ID, a.Kind, p.Role
	return w
}
