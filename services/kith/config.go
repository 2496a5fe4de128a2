package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"kith/events"
	"kith/events/bus"
	"kith/services/intake"
	"kith/services/internal/witness"
	"kith/services/signin"
)

// HubConfig is the file that kith hub reads. A field that is left out has the
// value that its comment names.
type HubConfig struct {
	Addr      string            `json:"addr"`      // where pages and API are served; 127.0.0.1:8080
	AdminAddr string            `json:"adminAddr"` // where /metrics is served, to operators only; 127.0.0.1:9090
	Programs  string            `json:"programs"`  // where programs come that show a certificate instead of a token; nowhere
	Data      string            `json:"data"`      // folder of the record, the keys and the read models; data
	Keys      string            `json:"keys"`      // folder of the keys, which hubs over one database share; data/keys
	Store     HubStore          `json:"store"`     // where the event log and the ledger lie; in data
	TLS       TLS               `json:"tls"`       // how addresses off this machine are sealed; not at all
	NATS      HubNATS           `json:"nats"`
	Agencies  []events.Agency   `json:"agencies"`  // every body that shares; at least one
	Authority events.AgencyID   `json:"authority"` // which of them is the local authority
	Doors     []events.AgencyID `json:"doors"`     // for which of them the hub also takes events by HTTP and by form; none
	Users     []User            `json:"users"`     // who may come in with an access token; nobody
	SignIn    SignIn            `json:"signIn"`    // how people sign in; not at all

	Policies string `json:"policies"` // Cedar file that says who may see what, instead of what comes with the hub; see kith policy

	Limits bus.Limits `json:"limits"` // how much of an agency is taken at a time; see defaultLimit

	CheckpointSeconds int                        `json:"checkpointSeconds"` // between two signed checkpoints of each log; 60
	Witnesses         map[events.AgencyID]string `json:"witnesses"`         // which of them cosign checkpoints, each with the key that its kith agency prints as it starts; none
	Quorum            int                        `json:"quorum"`            // how many of them have to; more than half

	RetentionRules string `json:"retentionRules"` // file with the partnership's own rules of how long a record is kept; England's alone

	ErasureDays int `json:"erasureDays"` // how long a confirmed erasure is hidden and can be taken back before its keys are destroyed; 30

	Webhooks map[events.AgencyID]Webhook `json:"webhooks"` // to which of them the inbox is delivered by webhook; none
	Staff    string                      `json:"staff"`    // file of marks that kith staff makes of the agencies' registers of staff; none
	Origin   string                      `json:"origin"`   // the hub's name in DNS, for receivers of webhooks; needed with webhooks
}

// SignIn says how people sign in.
type SignIn struct {
	Address string          `json:"address"` // where browsers reach the hub: https://hub.example; needed with issuers
	ByToken bool            `json:"byToken"` // people too may sign in with an access token; false
	Issuers []signin.Issuer `json:"issuers"` // the identity providers of the agencies; none

	Machines []signin.Machines `json:"machines"` // providers that give tokens to programs; none
}

// HubStore says where the event log and the ledger lie.
type HubStore struct {
	Kind           string `json:"kind"`           // sqlite or eventstoredb; sqlite
	Connection     string `json:"connection"`     // to the database: esdb://user:password@host:2113; this or the next is needed with eventstoredb
	ConnectionFile string `json:"connectionFile"` // file that holds the same, so that no password stands here
}

// HubNATS says how the hub reaches NATS.
type HubNATS struct {
	URL      string `json:"url"`      // of a server that kith nats-config configured; none: the hub runs one itself
	CredsDir string `json:"credsDir"` // its creds files, one for each agency; needed with url
	Listen   string `json:"listen"`   // where the hub's own server listens; 127.0.0.1:4222
	Leaf     string `json:"leaf"`     // where it takes leaf nodes of agencies; nowhere
}

// AgencyConfig is the file that kith agency reads.
type AgencyConfig struct {
	Agency    events.Agency `json:"agency"`    // as the hub's own file has it
	Addr      string        `json:"addr"`      // where the agency's systems hand in records; 127.0.0.1:8081
	AdminAddr string        `json:"adminAddr"` // where /metrics is served; 127.0.0.1:9091
	TLS       TLS           `json:"tls"`       // as at the hub; not at all
	Data      string        `json:"data"`      // folder of the outbox; data
	NATS      AgencyNATS    `json:"nats"`
	Verifier  string        `json:"verifier"` // the hub's public key, which it prints as it starts; none: receipts are not verified, and checkpoints not cosigned
	Clients   []Client      `json:"clients"`  // which systems may hand in records; none
	Columns   string        `json:"columns"`  // file that says how a school's exports are headed; as docs/integrators.md lists them
	Folders   []Folder      `json:"folders"`  // watched: each file that is put there is a record; none
	Polls     []Poll        `json:"polls"`    // addresses that are asked for records; none
}

// Folder is a folder that kith agency watches.
type Folder struct {
	Path string `json:"path"` // needed
	Door string `json:"door"` // whose records they are: a path of the agency's door, for example /incidents; needed
}

// Poll is an address that kith agency asks for records.
type Poll struct {
	URL       string `json:"url"`       // needed; https, or http on this machine
	Door      string `json:"door"`      // whose records they are; needed
	Seconds   int    `json:"seconds"`   // between two questions; 300
	TokenFile string `json:"tokenFile"` // file that holds a bearer token for it; none
}

// AgencyNATS says how an agency reaches the hub's NATS.
type AgencyNATS struct {
	URL   string `json:"url"`   // needed
	Creds string `json:"creds"` // the agency's creds file; needed
}

// User is an account that may sign in at the hub.
type User struct {
	Actor       events.ActorID    `json:"actor"` // in the ledger; an account, never a person's name
	Name        string            `json:"name"`  // as pages show it: a role and an agency
	Agency      events.AgencyID   `json:"agency"`
	Role        events.ReaderRole `json:"role"`
	TokenSHA256 TokenHash         `json:"tokenSHA256"` // this or the next is needed
	CertSHA256  TokenHash         `json:"certSHA256"`  // of a program's certificate, in DER
	Person      string            `json:"person"`      // who it is, in an id of the agency's own, the same for all accounts of one person; each account is somebody else
}

// Client is a system of an agency.
type Client struct {
	Name        string    `json:"name"`
	TokenSHA256 TokenHash `json:"tokenSHA256"`
}

// TokenHash is the SHA-256 of an access token, 64 hexadecimal digits. The token
// itself is in no file: make one with "openssl rand -hex 32".
type TokenHash [sha256.Size]byte

// UnmarshalText reads what sha256sum prints.
func (h *TokenHash) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil || len(b) != len(h) {
		return errors.New("must be a SHA-256: 64 hexadecimal digits")
	}
	copy(h[:], b)
	return nil
}

// loadHub reads and checks the file of a hub and fills in what it leaves out.
func loadHub(path string) (c HubConfig, err error) {
	if err := load(path, &c); err != nil {
		return c, err
	}
	c.Addr = cmp.Or(c.Addr, "127.0.0.1:8080")
	c.AdminAddr = cmp.Or(c.AdminAddr, "127.0.0.1:9090")
	c.Data = cmp.Or(c.Data, "data")
	c.Keys = cmp.Or(c.Keys, filepath.Join(c.Data, "keys"))
	c.Store.Kind = cmp.Or(c.Store.Kind, storeSQLite)
	c.NATS.Listen = cmp.Or(c.NATS.Listen, "127.0.0.1:4222")
	c.Limits.Each.EventsPerSecond = cmp.Or(c.Limits.Each.EventsPerSecond, defaultLimit.EventsPerSecond)
	c.Limits.Each.BytesPerSecond = cmp.Or(c.Limits.Each.BytesPerSecond, defaultLimit.BytesPerSecond)
	c.Limits.Each.MaxEventBytes = cmp.Or(c.Limits.Each.MaxEventBytes, defaultLimit.MaxEventBytes)
	return c, c.check().in(path)
}

// defaultLimit is what a busy agency needs to catch up after days, and less than
// what a hub can take.
var defaultLimit = bus.Limit{EventsPerSecond: 500, BytesPerSecond: 16 << 20, MaxEventBytes: intake.MaxMessage}

// loadAgency reads and checks the file of an agency and fills in what it leaves out.
func loadAgency(path string) (c AgencyConfig, err error) {
	if err := load(path, &c); err != nil {
		return c, err
	}
	c.Addr = cmp.Or(c.Addr, "127.0.0.1:8081")
	for i := range c.Polls {
		c.Polls[i].Seconds = cmp.Or(c.Polls[i].Seconds, 300)
	}
	c.AdminAddr = cmp.Or(c.AdminAddr, "127.0.0.1:9091")
	c.Data = cmp.Or(c.Data, "data")
	return c, c.check().in(path)
}

// load reads JSON strictly: a field we do not know, a field given twice or a
// field in another case is an error, so that no setting is silently without effect.
func load[T any](path string, into *T) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	err = json.Unmarshal(text, into, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	at, where, why := int64(0), jsontext.Pointer(""), err
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic):
		at, where = semantic.ByteOffset, semantic.JSONPointer
		if semantic.Err != nil {
			why = semantic.Err
		}
	case errors.As(err, &syntactic):
		at, where, why = syntactic.ByteOffset, syntactic.JSONPointer, syntactic.Err
	}
	line := 1 + bytes.Count(text[:min(int(at), len(text))], []byte("\n"))
	return fmt.Errorf("%s, line %d, %q: %w", path, line, where, why)
}

// checks collects everything that is wrong with a file, each with its place.
type checks []error

func (cs *checks) that(ok bool, format string, args ...any) {
	if !ok {
		*cs = append(*cs, fmt.Errorf(format, args...))
	}
}

func (cs checks) in(path string) error {
	if len(cs) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w", path, errors.Join(cs...))
}

func (cs *checks) addr(field, value string) {
	_, _, err := net.SplitHostPort(value)
	cs.that(err == nil, "%s must be host:port", field)
}

func (c HubConfig) check() (cs checks) {
	cs.addr("addr", c.Addr)
	cs.addr("adminAddr", c.AdminAddr)
	cs.addr("nats.listen", c.NATS.Listen)
	if c.NATS.Leaf != "" {
		cs.addr("nats.leaf", c.NATS.Leaf)
	}
	c.TLS.check(&cs, map[string]string{"addr": c.Addr, "adminAddr": c.AdminAddr})
	cs.sealedNATS(c)
	if c.Programs != "" {
		cs.addr("programs", c.Programs)
		cs.that(c.TLS.CertFile != "", "programs needs tls.certFile and tls.keyFile: certificates are shown within TLS only")
	}
	cs.that(c.NATS.URL == "" || c.NATS.CredsDir != "", "nats.credsDir is needed with nats.url")
	cs = append(cs, c.Store.check()...)
	cs.that(!c.Store.clear() || len(c.TLS.Plain) > 0, "store.connection reaches a database without TLS: use TLS, or name in tls.plain the private network that it is shut in")
	cs.that(c.CheckpointSeconds >= 0 && c.CheckpointSeconds <= 3600, "checkpointSeconds must be between 1 and 3600")
	cs.that(c.ErasureDays >= 0 && c.ErasureDays <= 365, "erasureDays must be between 1 and 365")
	cs.that(len(c.Agencies) > 0, "agencies must name at least one")
	known := map[events.AgencyID]events.AgencyKind{}
	sources := map[string]bool{}
	for i, a := range c.Agencies {
		at := fmt.Sprintf("agencies[%d]", i)
		cs.agency(at, a)
		cs.that(known[a.ID] == "", "%s.id is given twice", at)
		cs.that(!sources[a.Source], "%s.source is given twice", at)
		known[a.ID], sources[a.Source] = a.Kind, true
	}
	cs.that(known[c.Authority] == events.KindSocialCare, "authority must be one of the agencies, of kind socialcare")
	for i, a := range c.Doors {
		cs.that(known[a] != "", "doors[%d] must be one of the agencies", i)
	}
	if _, err := c.policies(); err != nil {
		cs.that(false, "policies: %w", err)
	}
	cs.witnesses(c, known)
	cs.webhooks(c, known)
	cs.signIn(c.SignIn, known)
	cs.limit("limits.each", c.Limits.Each)
	for _, id := range slices.Sorted(maps.Keys(c.Limits.Of)) {
		cs.that(known[id] != "", "limits.of: %s must be one of the agencies", id)
		cs.limit("limits.of."+string(id), c.Limits.Of[id])
	}
	tokens := map[TokenHash]bool{}
	for i, u := range c.Users {
		at := fmt.Sprintf("users[%d]", i)
		cs.that(u.Actor != "", "%s.actor is needed", at)
		cs.that(known[u.Agency] != "", "%s.agency must be one of the agencies", at)
		cs.that(knownRole(u.Role), "%s.role must be dsl, social-worker, chair, practitioner or governance", at)
		if (u.CertSHA256 == TokenHash{}) {
			cs.token(at, u.TokenSHA256, tokens)
			continue
		}
		cs.that(u.TokenSHA256 == TokenHash{}, "%s has a token and a certificate: give the program one of them", at)
		cs.that(c.Programs != "", "%s.certSHA256 needs programs, the address where certificates are asked for", at)
		cs.that(!tokens[u.CertSHA256], "%s.certSHA256 is given twice", at)
		tokens[u.CertSHA256] = true
	}
	return cs
}

// clearNATS is what to do about an address of NATS that others can read.
const clearNATS = "nats.url must begin with tls://, or be of this machine; where NATS is shut in a private network without TLS, name that in tls.plain"

// sealedNATS: the hub's own server has no fence but its certificate.
func (cs *checks) sealedNATS(c HubConfig) {
	cs.that(c.NATS.URL == "" || bus.Sealed(c.NATS.URL) || len(c.TLS.Plain) > 0, clearNATS)
	for field, addr := range map[string]string{"nats.listen": c.NATS.Listen, "nats.leaf": c.NATS.Leaf} {
		open := c.NATS.URL == "" && addr != "" && !loopback(addr) && c.TLS.CertFile == ""
		cs.that(!open, "%s can be reached from other machines: give tls.certFile and tls.keyFile, or let it listen on 127.0.0.1", field)
	}
}

func (cs *checks) signIn(s SignIn, known map[events.AgencyID]events.AgencyKind) {
	u, err := url.Parse(s.Address)
	root := err == nil && pollable(s.Address) && u.Path == "" && u.RawQuery == "" && u.User == nil
	cs.that(root || s.Address == "" && len(s.Issuers) == 0, "signIn.address must be where browsers reach the hub, https://… without a path")
	seen := map[string]bool{}
	for i, x := range s.Issuers {
		cs.that(!seen[x.ID], "signIn.issuers[%d].id is given twice", i)
		seen[x.ID] = true
		if err := x.Check(func(a events.AgencyID) bool { return known[a] != "" }, knownRole); err != nil {
			*cs = append(*cs, fmt.Errorf("signIn.issuers[%d]: %w", i, err))
		}
	}
	for i, m := range s.Machines {
		if err := m.Check(func(a events.AgencyID) bool { return known[a] != "" }, knownRole); err != nil {
			*cs = append(*cs, fmt.Errorf("signIn.machines[%d]: %w", i, err))
		}
	}
}

// limit: a zero is what was left out.
func (cs *checks) limit(at string, l bus.Limit) {
	cs.that(l.EventsPerSecond >= 0, "%s.eventsPerSecond must be at least 1", at)
	cs.that(l.BytesPerSecond == 0 || l.BytesPerSecond >= 1<<20, "%s.bytesPerSecond must be at least 1048576", at)
	cs.that(l.MaxEventBytes == 0 || l.MaxEventBytes >= 64<<10 && l.MaxEventBytes <= intake.MaxMessage, "%s.maxEventBytes must be between 65536 and 262144", at)
}

func (cs *checks) witnesses(c HubConfig, known map[events.AgencyID]events.AgencyKind) {
	keys := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(c.Witnesses)) {
		key := c.Witnesses[id]
		_, err := witness.NewVerifier(key)
		cs.that(known[id] != "", "witnesses: %s must be one of the agencies", id)
		cs.that(err == nil, "witnesses: %s: %w", id, err)
		cs.that(!keys[key], "witnesses: %s has the key of another; each makes its own", id)
		keys[key] = true
	}
	cs.that(c.Quorum >= 0 && c.Quorum <= len(c.Witnesses), "quorum must be at most the number of witnesses")
}

func (c AgencyConfig) check() (cs checks) {
	cs.agency("agency", c.Agency)
	cs.addr("addr", c.Addr)
	cs.addr("adminAddr", c.AdminAddr)
	c.TLS.check(&cs, map[string]string{"addr": c.Addr, "adminAddr": c.AdminAddr})
	cs.that(c.NATS.URL != "", "nats.url is needed")
	cs.that(c.NATS.URL == "" || bus.Sealed(c.NATS.URL) || len(c.TLS.Plain) > 0, clearNATS)
	cs.that(c.NATS.Creds != "", "nats.creds is needed")
	for i, f := range c.Folders {
		cs.that(f.Path != "", "folders[%d].path is needed", i)
	}
	for i, p := range c.Polls {
		cs.that(pollable(p.URL), "polls[%d].url must begin with https://, or with http:// and a loopback address", i)
		cs.that(p.Seconds >= 1 && p.Seconds <= 86400, "polls[%d].seconds must be between 1 and 86400", i)
	}
	cs.that(c.Verifier == "" || bus.ValidVerifier(c.Verifier), "verifier must be the key that the hub prints as it starts, kith-hub+…")
	tokens := map[TokenHash]bool{}
	for i, cl := range c.Clients {
		at := fmt.Sprintf("clients[%d]", i)
		cs.that(cl.Name != "", "%s.name is needed", at)
		cs.token(at, cl.TokenSHA256, tokens)
	}
	return cs
}

// pollable keeps records and tokens from going over a network in clear.
func pollable(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && loopback(net.JoinHostPort(u.Hostname(), "0")))
}

func (cs *checks) agency(at string, a events.Agency) {
	cs.that(knownID(a.ID), "%s.id must be a-z, 0-9 and hyphens", at)
	cs.that(knownKind(a.Kind), "%s.kind must be police, health, education or socialcare", at)
	cs.that(a.Name != "", "%s.name is needed", at)
	cs.that(a.Source != "", "%s.source is needed", at)
	cs.that(a.Body == "" || a.Body == events.PublicBody || a.Body == events.IndependentBody, "%s.body must be public or independent", at)
}

func (cs *checks) token(at string, h TokenHash, seen map[TokenHash]bool) {
	cs.that(h != TokenHash{}, "%s.tokenSHA256 is needed", at)
	cs.that(!seen[h], "%s.tokenSHA256 is given twice", at)
	seen[h] = true
}

func knownID(id events.AgencyID) bool {
	for _, c := range id {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return id != ""
}

func knownKind(k events.AgencyKind) bool {
	switch k {
	case events.KindPolice, events.KindHealth, events.KindEducation, events.KindSocialCare:
		return true
	}
	return false
}

func knownRole(r events.ReaderRole) bool {
	switch r {
	case events.RoleDSL, events.RoleSocialWorker, events.RoleChair, events.RolePractitioner, events.RoleGovernance:
		return true
	}
	return false
}
