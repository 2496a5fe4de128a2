package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"kith/services/internal/keys"
)

// runKeys gives the keys of a hub a new master key. A hub that has them open goes on.
func runKeys(ctx context.Context, c *call) error {
	if len(c.args) == 0 || c.args[0] != "rotate" {
		if err := c.parse(); err != nil { // -h
			return err
		}
		return c.wrong("it is rotate, for example: kith keys rotate -data data")
	}
	c = c.inner()
	data, conf := c.folder()
	fresh := c.flags.Bool("fresh", false, "also give each key a new one for what is sealed from now on")
	asJSON := c.flags.Bool("json", false, "one JSON object")
	if err := c.parse(); err != nil {
		return err
	}
	p, err := whose(*data, *conf)
	if err != nil {
		return c.wrong("%v", err)
	}
	if !there(p.keysDir()) {
		return errors.New("there are no keys in " + p.keysDir() + ": name the folder that the hub's configuration names as data, or give -config")
	}
	n, err := keys.Rotate(ctx, p.keysDir(), *fresh)
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(c.out).Encode(map[string]int{"keys": n})
	}
	_, err = fmt.Fprintf(c.out, "%d keys are wrapped with a new master key. Back the keys up now; older copies open with the master key that lies beside them\n", n)
	return err
}
