package bus

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
)

// WriteLeafConfig writes the configuration of a nats-server at an agency: a leaf
// node of the hub's server, which connects to it with the agency's creds file.
// Whoever reaches it is the agency, so that it listens on this machine only. It
// keeps nothing: what is published while the hub is away is refused, and stays
// in the outbox.
//
// ca is a file of certificates that vouch for the hub; those of the machine if empty.
func WriteLeafConfig(path, listen, hub, creds, ca string) error {
	if !Loopback(listen) {
		return fmt.Errorf("a leaf node asks its clients for nothing: it must listen on a loopback address, for example 127.0.0.1:4222")
	}
	if u, err := url.Parse(hub); err != nil || u.Scheme != "tls" && u.Scheme != "wss" && !Loopback(net.JoinHostPort(u.Hostname(), "0")) {
		return fmt.Errorf("write the configuration of a leaf node: what goes to the hub %w", ErrInClear)
	}
	if _, err := os.Stat(creds); err != nil {
		return fmt.Errorf("write the configuration of a leaf node: %w", err)
	}
	creds, err := filepath.Abs(creds)
	if err != nil {
		return err
	}
	sealed := ""
	if ca != "" {
		if ca, err = filepath.Abs(ca); err != nil {
			return err
		}
		sealed = fmt.Sprintf(", tls: { ca_file: %q }", ca)
	}
	text := fmt.Sprintf(`server_name: kith-leaf
listen: %q
max_payload: 1MB
default_js_domain { "$G": "" }

# Everything that is not on this machine goes to the hub, as this agency.
leafnodes {
  reconnect: 2s
  remotes: [ { url: %q, credentials: %q%s } ]
}
`, listen, hub, creds, sealed)
	if err := writeFile(path, []byte(text)); err != nil {
		return fmt.Errorf("write the configuration of a leaf node: %w", err)
	}
	return nil
}
