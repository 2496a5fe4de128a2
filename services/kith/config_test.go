package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/events"
)

const goodHub = `{
  "agencies": [
    {"id": "north-police", "kind": "police", "name": "North Police", "source": "urn:x:police"},
    {"id": "north-council", "kind": "socialcare", "name": "North Council", "source": "urn:x:council"}
  ],
  "authority": "north-council",
  "doors": ["north-police"],
  "users": [{"actor": "desk-1", "name": "Chair", "agency": "north-council", "role": "chair",
    "tokenSHA256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]
}`

const goodAgency = `{
  "agency": {"id": "north-police", "kind": "police", "name": "North Police", "source": "urn:x:police"},
  "nats": {"url": "nats://127.0.0.1:4222", "creds": "police.creds"}
}`

// oneIssuer vouches for the council.
const oneIssuer = `{"id": "council", "name": "North Council", "issuer": "https://login.example", "clientId": "kith", "agency": "north-council", "role": "chair"}`

// oneKey is a witness key of nobody.
const oneKey = "kith-witness/x+05e93dc8+BDQqsh+2yqDog9wAPYxeWUVfxLAKzSQf8wzbf1hiKBAP"

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Each file that ships is loaded, so that none can rot.
func TestShippedConfiguration(t *testing.T) {
	files, err := filepath.Glob("../../deploy/config/*.json")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	hub, err := loadHub("../../deploy/config/hub.json")
	if err != nil {
		t.Fatal(err)
	}
	registered := map[events.AgencyID]events.Agency{}
	for _, a := range hub.Agencies {
		registered[a.ID] = a
	}
	for _, f := range files {
		if filepath.Base(f) == "hub.json" {
			continue
		}
		c, err := loadAgency(f)
		if err != nil {
			t.Error(err)
		} else if registered[c.Agency.ID] != c.Agency {
			t.Errorf("%s: the hub's file describes %s otherwise", f, c.Agency.ID)
		}
	}
}

func TestWhatIsLeftOut(t *testing.T) {
	h, err := loadHub(write(t, goodHub))
	if err != nil {
		t.Fatal(err)
	}
	if h.Addr != "127.0.0.1:8080" || h.AdminAddr != "127.0.0.1:9090" || h.Data != "data" || h.NATS.Listen != "127.0.0.1:4222" {
		t.Errorf("hub: %+v", h)
	}
	if h.Users[0].TokenSHA256[0] != 0xe3 {
		t.Error("the token's hash was not read")
	}
	a, err := loadAgency(write(t, goodAgency))
	if err != nil {
		t.Fatal(err)
	}
	if a.Addr != "127.0.0.1:8081" || a.AdminAddr != "127.0.0.1:9091" || a.Data != "data" {
		t.Errorf("agency: %+v", a)
	}
}

func TestWrongConfiguration(t *testing.T) {
	for _, tc := range []struct{ old, new, want string }{
		{`"doors"`, `"dors"`, `line 7, "/dors": unknown`},
		{`"doors"`, `"Doors"`, `line 7, "/Doors": unknown`},
		{`"kind": "police"`, `"kind": "police", "kind": "police"`, `line 3, "/agencies/0/kind": duplicate`},
		{`"doors": ["north-police"]`, `"doors": "north-police"`, `line 7, "/doors"`},
		{`"north-council",` + "\n", `"north-council"` + "\n", "line 7"},
		{`"kind": "police"`, `"kind": "coastguard"`, "agencies[0].kind must be"},
		{`"id": "north-police"`, `"id": "North.Police"`, "agencies[0].id must be"},
		{`"urn:x:council"`, `"urn:x:police"`, "agencies[1].source is given twice"},
		{`"authority": "north-council"`, `"authority": "north-police"`, "authority must be"},
		{`["north-police"]`, `["south-police"]`, "doors[0] must be"},
		{`"role": "chair"`, `"role": "king"`, "users[0].role must be"},
		{`e3b0c442`, `e3b0`, "64 hexadecimal digits"},
		{`{`, `{"addr": "8080",`, "addr must be host:port"},
		{`{`, `{"nats": {"url": "nats://x:4222"},`, "nats.credsDir is needed"},
		{`{`, `{"witnesses": {"south-police": "x"},`, "witnesses: south-police must be"},
		{`{`, `{"witnesses": {"north-police": "kith-hub+1"},`, "witnesses: north-police: not a witness key"},
		{`{`, `{"witnesses": {"north-police": "` + oneKey + `", "north-council": "` + oneKey + `"},`, "north-police has the key of another"},
		{`{`, `{"quorum": 1,`, "quorum must be"},
		{`{`, `{"programs": "127.0.0.1:8443",`, "programs needs tls.certFile"},
		{`"tokenSHA256"`, `"certSHA256"`, "certSHA256 needs programs"},
		{`{`, `{"signIn": {"address": "http://hub.example"},`, "signIn.address must be"},
		{`{`, `{"signIn": {"address": "https://hub.example/kith"},`, "signIn.address must be"},
		{`{`, `{"signIn": {"issuers": [` + oneIssuer + `]},`, "signIn.address must be"},
		{`{`, `{"signIn": {"address": "https://hub.example", "issuers": [` + oneIssuer + `, ` + oneIssuer + `]},`, "signIn.issuers[1].id is given twice"},
		{`{`, `{"signIn": {"address": "https://hub.example", "issuers": [` + strings.Replace(oneIssuer, "north-council", "south", 1) + `]},`, "signIn.issuers[0]: agency must be one of the agencies"},
		{`{`, `{"signIn": {"machines": [{"issuer": "https://login.example", "clients": {"a": {"actor": "a", "agency": "north-police", "role": "practitioner"}}}]},`, "signIn.machines[0]: audience is needed"},
		{`{`, `{"signIn": {"machines": [{"issuer": "https://login.example", "audience": "x", "clients": {"a": {"actor": "a", "agency": "south", "role": "practitioner"}}}]},`, "clients: a: agency must be one"},
		{`{`, `{"signIn": {"address": "https://hub.example", "issuers": [` + strings.Replace(oneIssuer, "https", "http", 1) + `]},`, "issuer must begin with https://"},
		{`{`, `{"policies": "testdata/misspelt.cedar",`, "testdata/misspelt.cedar: policies refused: line 5: lead-sees-it: principal.role is never \"lead\""},
		{`{`, `{"policies": "testdata/nowhere.cedar",`, "testdata/nowhere.cedar: no such file"},
		{`{`, `{"webhooks": {"north-police": {"url": "https://x.example/", "secretFile": "s"}},`, "origin must be"},
		{`{`, `{"origin": "hub.example", "webhooks": {"south-police": {"url": "https://x.example/", "secretFile": "s"}},`, "south-police must be"},
		{`{`, `{"origin": "hub.example", "webhooks": {"north-police": {"url": "http://x.example/", "secretFile": "s"}},`, "webhooks.north-police.url must begin with https://"},
		{`{`, `{"origin": "hub.example", "webhooks": {"north-police": {"url": "https://x.example/"}},`, "secretFile is needed"},
		{`{`, `{"origin": "hub.example", "webhooks": {"north-police": {"url": "https://x.example/", "secretFile": "s", "networks": ["0.0.0.0/0"]}},`, "networks[0] must be"},
		{`{`, `{"origin": "hub.example", "webhooks": {"north-police": {"url": "https://x.example/", "secretFile": "s", "networks": ["10.1.2.3"]}},`, "/networks/0"},
	} {
		_, err := loadHub(write(t, strings.Replace(goodHub, tc.old, tc.new, 1)))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", tc.new, err, tc.want)
		}
	}
	for _, tc := range []struct{ old, new, want string }{
		{`"url"`, `"uri"`, `line 3, "/nats/uri": unknown`},
		{`"police.creds"`, `""`, "nats.creds is needed"},
		{`{`, `{"clients": [{"name": "records"}],`, "clients[0].tokenSHA256 is needed"},
	} {
		_, err := loadAgency(write(t, strings.Replace(goodAgency, tc.old, tc.new, 1)))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", tc.new, err, tc.want)
		}
	}
	if _, err := loadHub(filepath.Join(t.TempDir(), "none.json")); err == nil {
		t.Error("a file that is not there was loaded")
	}
}
