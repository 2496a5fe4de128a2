package backup

import "kith/events/bus"

// Write is what a forger can do as well.
func Write(m Manifest, dir string, s *bus.Signer) error { return m.write(dir, s) }
