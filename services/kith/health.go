package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"
)

// onThisMachine asks whatever answers at a loopback address, whose certificate is
// for another name. Nothing is told to it, and elsewhere names are checked.
func onThisMachine(r *http.Request) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: loopback(net.JoinHostPort(r.URL.Hostname(), "0"))}
	return &http.Client{Transport: t}
}

// askHealth asks a running process whether it is ready.
func askHealth(ctx context.Context, c *call) error {
	url := c.flags.String("url", "http://127.0.0.1:8080/readyz", "where to ask")
	if err := c.parse(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, *url, nil)
	if err != nil {
		return c.wrong("-url is not a URL")
	}
	res, err := onThisMachine(req).Do(req)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", res.Status)
	}
	fmt.Fprintln(c.out, "ready")
	return nil
}
