package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

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
	res, err := http.DefaultClient.Do(req)
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
