package bus

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// WriteLeafConfig writes the configuration of a nats-server at an agency: a leaf
// node of the hub's server, which connects to it with the agency's creds file.
// Whoever reaches it is the agency, so that it listens on this machine only. It
// keeps nothing: what is published while the hub is away is refused, and stays
// in the outbox.
func WriteLeafConfig(path, listen, hub, creds string) error {
	host, _, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("a leaf node asks its clients for nothing: it must listen on a loopback address, for example 127.0.0.1:4222")
	}
	if _, err := os.Stat(creds); err != nil {
		return fmt.Errorf("write the configuration of a leaf node: %w", err)
	}
	if creds, err = filepath.Abs(creds); err != nil {
		return err
	}
	text := fmt.Sprintf(`server_name: kith-leaf
listen: %q
max_payload: 1MB
default_js_domain { "$G": "" }

# Everything that is not on this machine goes to the hub, as this agency.
leafnodes {
  reconnect: 2s
  remotes: [ { url: %q, credentials: %q } ]
}
`, listen, hub, creds)
	if err := writeFile(path, []byte(text)); err != nil {
		return fmt.Errorf("write the configuration of a leaf node: %w", err)
	}
	return nil
}
