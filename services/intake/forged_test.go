package intake

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"kith/events"
	"kith/events/bus"
)

// forgery is one message that somebody made, and from whose account it comes.
type forgery struct {
	agency  events.AgencyID
	members [][2]string // name as it is written, raw value
	data    string      // raw; the value of the member "data"
	header  map[string][]string
	subject string
	around  [2]string // what stands before and after the document
	binary  bool
	broken  bool // by construction it must not be accepted
	what    string
}

// sound is a message that has to be accepted; each differs from the others.
func sound(r *rand.Rand, n int) *forgery {
	id := fmt.Sprintf("NSP-%d/%d", n, r.IntN(1000))
	return &forgery{agency: police, what: "sound", header: map[string][]string{}, members: [][2]string{
		{"specversion", `"1.0"`}, {"id", strconv.Quote(id)}, {"source", `"urn:kith:agency:northshire-police"`},
		{"type", `"` + string(missing1) + `"`}, {"time", `"2026-11-06T22:30:00Z"`}, {"datacontenttype", `"application/json"`},
	}, data: fmt.Sprintf(`{"occurredAt":"2026-11-06T22:30:00Z","recordedAt":"2026-11-06T23:12:00Z","basis":{"article6":"public-task"},`+
		`"label":"core","caveats":["no-guardian"],"informed":{"told":false,"why":"Not safe."},"voice":{"words":"I don't want to go back."},`+
		`"contact":{"team":"Safeguarding hub","phone":"01632 960 111"},"about":[{"localId":"NSP-P-%d","role":"child","name":{"given":"Zoë","family":"O'Brien"},`+
		`"dateOfBirth":"2010-02-28","sex":"female"},{"localId":"NSP-Q-%d","role":"parent"}],"fact":{"policeReference":"NSP-2026-%d",`+
		`"missingSince":"2026-11-06T18:00:00Z","missingFrom":"placement","circumstances":"Third time since half-term."}}`, r.IntN(40), r.IntN(40), n)}
}

func (f *forgery) set(name, raw string) {
	for i := range f.members {
		if f.members[i][0] == name {
			f.members[i][1] = raw
			return
		}
	}
	f.members = append(f.members, [2]string{name, raw})
}

func (f *forgery) remove(name string) {
	f.members = slices.DeleteFunc(f.members, func(m [2]string) bool { return m[0] == name })
}

func (f *forgery) replace(old, new string) { f.data = strings.Replace(f.data, old, new, 1) }

func (f *forgery) message() bus.Message {
	if f.binary && f.allText() {
		return f.inHeaders()
	}
	var b strings.Builder
	b.WriteString(f.around[0] + "{")
	for _, m := range f.members {
		fmt.Fprintf(&b, `"%s":%s,`, m[0], m[1])
	}
	b.WriteString(`"data":` + f.data + "}" + f.around[1])
	return bus.Message{Header: f.header, Body: []byte(b.String()), Subject: f.subject}
}

// allText: only text can be written in a header.
func (f *forgery) allText() bool {
	return !slices.ContainsFunc(f.members, func(m [2]string) bool { _, err := strconv.Unquote(m[1]); return err != nil })
}

func (f *forgery) inHeaders() bus.Message {
	h := maps.Clone(f.header)
	for _, m := range f.members {
		v, _ := strconv.Unquote(m[1])
		h["ce-"+m[0]] = []string{url.PathEscape(v)}
	}
	return bus.Message{Header: h, Body: []byte(f.data), Subject: f.subject}
}

// harmless changes how a message is written and not what it says.
var harmless = []struct {
	name string
	do   func(*forgery, *rand.Rand)
}{
	{"other order", func(f *forgery, r *rand.Rand) {
		r.Shuffle(len(f.members), func(i, j int) { f.members[i], f.members[j] = f.members[j], f.members[i] })
	}},
	{"white space", func(f *forgery, r *rand.Rand) { f.around = [2]string{" \n\t", "\r\n "} }},
	{"an extension", func(f *forgery, r *rand.Rand) { f.set("partitionkey", `"x"`) }},
	{"an extension that is a number", func(f *forgery, r *rand.Rand) { f.set("severitynumber", "-7") }},
	{"binary mode", func(f *forgery, r *rand.Rand) { f.binary = true }},
	{"content type", func(f *forgery, r *rand.Rand) {
		f.header["Content-Type"] = []string{"Application/CloudEvents+JSON; charset=UTF-8"}
	}},
	{"its own subject", func(f *forgery, r *rand.Rand) { f.subject = "events.police.missing-episode" }},
	{"an attribute that is null", func(f *forgery, r *rand.Rand) { f.set("subject", "null"); f.binary = false }},
	{"escapes", func(f *forgery, r *rand.Rand) { f.replace(`"label"`, `"\u006cabel"`) }},
	{"offset", func(f *forgery, r *rand.Rand) { f.replace("2026-11-06T22:30:00Z", "2026-11-06T23:30:00.5+01:00") }},
	{"a local id in another alphabet", func(f *forgery, r *rand.Rand) { f.replace("NSP-Q", "Ωμέγα 日本") }},
	{"data in base64", func(f *forgery, r *rand.Rand) {
		f.set("data_base64", `"`+base64.StdEncoding.EncodeToString([]byte(f.data))+`"`)
		f.data = ""
	}},
}

// forge makes one harmful change.
type forge struct {
	name string
	do   func(*forgery, *rand.Rand)
}

// setTo are changes of one member to each of some values.
func setTo(what, member string, raws ...string) (fs []forge) {
	for _, raw := range raws {
		fs = append(fs, forge{what + " " + strconv.QuoteToASCII(raw[:min(len(raw), 40)]), func(f *forgery, _ *rand.Rand) { f.set(member, raw) }})
	}
	return fs
}

// swapped are changes of a piece of the data.
func swapped(what, old string, news ...string) (fs []forge) {
	for _, n := range news {
		fs = append(fs, forge{what + " " + strconv.QuoteToASCII(n[:min(len(n), 40)]), func(f *forgery, _ *rand.Rand) { f.replace(old, n) }})
	}
	return fs
}

func around(before, after string) forge {
	return forge{fmt.Sprintf("around %q %q", before, after), func(f *forgery, _ *rand.Rand) { f.around = [2]string{before, after} }}
}

const here = "urn:kith:agency:northshire-police"

var harmful = slices.Concat(
	[]forge{
		{"cross-signed: another agency's account", func(f *forgery, r *rand.Rand) { f.agency = agencies[1+r.IntN(2)].ID }},
		{"nobody's account", func(f *forgery, r *rand.Rand) { f.agency = "northshire-polіce" }},
		{"another agency's account, binary", func(f *forgery, r *rand.Rand) { f.agency, f.binary = agencies[1].ID, true }},
	},
	setTo("source", "source", `"urn:kith:agency:oakfield-school"`, `"URN:kith:agency:northshire-police"`, `"`+here+`#"`, `"`+here+`?"`, `"`+here+`/"`, `" `+here+`"`,
		`"`+here+` "`, `"urn:kith:agency:%6eorthshire-police"`, `"urn:kith:agency:Northshire-Police"`, `"`+here+`\u200b"`, `"`+here+`\u0000"`, `"\ufeff`+here+`"`,
		`"urn:kith:agency:nоrthshire-police"`, `"urn:kith:agency:northshire‐police"`, `"urn:kith:agency:northshire-police\u202e"`, `"//`+here+`"`, `"urn:kith:hub"`, `["`+here+`"]`, `""`, `null`, `"`+here+`\ud800"`),
	setTo("type", "type", `"uk.kith.health.was-not-brought.v1"`, `"uk.kith.intake.event-accepted.v1"`, `"uk.kith.hub.receipt.v1"`, `"uk.kith.police.missing-episode.v0"`, `"uk.kith.police.missing-episode.v2"`,
		`"uk.kith.police.missing-episode.v01"`, `"uk.kith.police.missing-episode"`, `"UK.KITH.police.missing-episode.v1"`, `"uk.kith.police.missing-episode.v1 "`, `"uk.kith.police.missing-epіsode.v1"`,
		`"uk.kith.police.missing-episode.v1\u200b"`, `"uk.kith.police.missing‑episode.v1"`, `"uk.kith.police.missing-episode.v１"`, `"uk.kith.police.domestic-abuse-incident.v1"`, `"../police/missing-episode.v1"`, `"uk.kith.police..missing-episode.v1"`, `1`, `null`),
	setTo("downgraded", "specversion", `"0.3"`, `"0.2"`, `"1"`, `"1.0 "`, `"1.0.2"`, `"2.0"`, `"１.0"`, `1.0`, `null`, `""`),
	setTo("id", "id", `""`, `" "`, `null`, `7`, `["1"]`, `" NSP-1"`, `"NSP-1 "`, `"NSP\u200b-1"`, `"\u202eNSP-1"`, `"NSP‐1"`, `"ΝSP-1"`, `"NSP\u00a01"`, `"NSP\t1"`, `"NSP\u00001"`, `"Ｎ1"`, `"`+strings.Repeat("x", 201)+`"`, `"\udfff"`),
	setTo("attribute", "time", `"2026-11-06"`, `"yesterday"`, `"2026-11-06T22:30:00"`, `"2026-11-06T22:30:00,5Z"`, `"2026-11-06 22:30:00Z"`, `1793226600`),
	setTo("media type", "datacontenttype", `"text/xml"`, `"application/xml"`, `"json"`, `"application/octet-stream"`, `""`),
	setTo("case variant", "Source", `"`+here+`"`), setTo("case variant", "ID", `"x"`), setTo("case variant", "Data", `{}`), setTo("case variant", "SpecVersion", `"1.0"`),
	setTo("extension", "ext", `{}`, `[1]`, `1.5`, `9999999999`, `"\u0007"`), setTo("extension", "my_ext", `"x"`), setTo("extension", "іd", `"x"`),
	setTo("twice", "d\\u0061ta", `{}`), setTo("twice", `s\u006furce`, `"`+here+`"`), setTo("twice", `i\u0064`, `"x"`), setTo("twice", `t\u0079pe`, `"x"`),
	[]forge{
		{"a member twice, the same", func(f *forgery, r *rand.Rand) { f.members = append(f.members, f.members[r.IntN(len(f.members))]) }},
		{"a member twice, the later sound", func(f *forgery, r *rand.Rand) {
			f.members = append([][2]string{{f.members[r.IntN(4)][0], `"urn:kith:hub"`}}, f.members...)
		}},
		{"data twice", func(f *forgery, r *rand.Rand) { f.members = append(f.members, [2]string{"data", f.data}) }},
		{"data as text", func(f *forgery, r *rand.Rand) { f.data = strconv.Quote(f.data) }},
		{"data and data_base64", func(f *forgery, r *rand.Rand) { f.set("data_base64", `"e30="`) }},
		{"a required one missing", func(f *forgery, r *rand.Rand) { f.remove([]string{"id", "source", "type", "specversion"}[r.IntN(4)]) }},
		{"another subject", func(f *forgery, r *rand.Rand) {
			f.subject = []string{"events.health.was-not-brought", "events.other", "events.police", "events.police.missing-episode.v1", "inbox.receipts"}[r.IntN(5)]
		}},
		{"content type of a batch", func(f *forgery, r *rand.Rand) {
			f.header["Content-Type"] = []string{"application/cloudevents-batch+json"}
		}},
		{"content type of another format", func(f *forgery, r *rand.Rand) { f.header["content-type"] = []string{"application/cloudevents+avro"} }},
		{"another alphabet", func(f *forgery, r *rand.Rand) {
			f.header["Content-Type"] = []string{"application/cloudevents+json; charset=utf-7"}
		}},
		{"two content types", func(f *forgery, r *rand.Rand) {
			f.header["Content-Type"], f.header["content-type"] = []string{"application/cloudevents+json"}, []string{"application/json"}
		}},
		{"binary, an attribute in two spellings", func(f *forgery, r *rand.Rand) { f.binary = true; f.header["CE-Source"] = []string{here} }},
		{"binary, overlong encoding", func(f *forgery, r *rand.Rand) { f.binary = true; f.header["ce-x"] = []string{"%C0%AF"} }},
		{"depth bomb in an extension", func(f *forgery, r *rand.Rand) { f.set("ext", nested(200+r.IntN(30000))) }},
		{"depth bomb in data", func(f *forgery, r *rand.Rand) { f.replace(`"placement"`, nested(200+r.IntN(30000))) }},
		{"depth bomb instead of data", func(f *forgery, r *rand.Rand) { f.data = nested(200 + r.IntN(60000)) }},
		{"depth bomb, never closed", func(f *forgery, r *rand.Rand) { f.data = strings.Repeat(`{"a":[`, 20000) }},
		{"size bomb of spaces", func(f *forgery, r *rand.Rand) { f.around[0] = strings.Repeat(" ", 256<<10) }},
		{"size bomb of fields", func(f *forgery, r *rand.Rand) { f.replace(`"label"`, many(r.IntN(20000)+1)+`"label"`) }},
		{"size bomb of caveats", func(f *forgery, r *rand.Rand) {
			f.replace(`"no-guardian"`, strings.Repeat(`"third-party",`, 2+r.IntN(15000))+`"no-guardian"`)
		}},
		{"size bomb of people", func(f *forgery, r *rand.Rand) {
			f.replace(`{"localId":"NSP-Q`, strings.Repeat(`{"localId":"1","role":"child"},`, 50+r.IntN(5000))+`{"localId":"NSP-Q`)
		}},
		{"size bomb of a text", func(f *forgery, r *rand.Rand) {
			f.replace("Third time", strings.Repeat("x", 20001+r.IntN(100000)))
		}},
		{"size bomb of a number", func(f *forgery, r *rand.Rand) {
			f.replace(`"placement"`, strings.Repeat("9", 1000+r.IntN(100000))+"e999999999")
		}},
		{"reused local id", func(f *forgery, r *rand.Rand) {
			f.replace(`"role":"parent"`, `"role":"parent"},{"localId":"same","role":"other"},{"localId":"same","role":"other"`)
		}},
		{"next year", func(f *forgery, r *rand.Rand) { f.replace("2026-11-06T23:12:00Z", "2027-11-06T23:12:00Z") }},
		around("", "{}"), around("", "x"), around("\ufeff", ""), around("[", "]"), around("/* */", ""), around("", ","), around("\x00", ""), around("", "\xff"),
	},
	swapped("twice in data", `"label"`, `"label":"core","label"`, `"l\u0061bel":"restricted","label"`, `"fact":{},"label"`, `"Label":"core","label"`, `"LABEL":"restricted","label"`),
	swapped("twice below", `"team"`, `"team":"x","team"`, `"t\u0065am":"x","team"`, `"Team":"x","team"`),
	swapped("label", `"label":"core"`, `"label":"Core"`, `"label":"core "`, `"label":"соre"`, `"label":"core\u200b"`, `"label":null`, `"label":["core"]`, `"label":"secret"`, `"lаbel":"core"`, `"riskScore":9,"label":"core"`, `"__proto__":{},"label":"core"`),
	swapped("basis", `{"article6":"public-task"}`, `{}`, `null`, `{"article6":"legitimate-interests"}`, `{"article6":"consent"}`, `{"article6":"public-task","consentScope":"early-help"}`, `{"article6":"public-task","article9":"substantial-public-interest"}`, `{"article6":"consent","consentScope":"early-help","article9":"vital-interests"}`),
	swapped("moment", `"2026-11-06T18:00:00Z"`, `"2026-11-06T18:00:00"`, `"2026-11-06T18:00:00,0Z"`, `"2026-11-06T8:00:00Z"`, `"2026-11-06T18:00:00+24:00"`, `"2026-11-06t18:00:00z"`, `"2026-02-30T18:00:00Z"`, `"06/11/2026 18:00"`, `1793226600`),
	swapped("local id", `"NSP-Q`, `" NSP-Q`, `"\u200bNSP-Q`, `"NSP\u202e-Q`, `"NSP\u00ad-Q`, `"NSP\u3164Q`, `"NSP\u2800Q`, `"NSP\ufe0fQ`, `"NSP\u00a0Q`, `"\u0007Q`, `"\u034fQ`, `"\ue000Q`),
	swapped("people", `"role":"child"`, `"role":"other"`, `"role":"Child"`, `"role":"child","name":{}`),
	swapped("broken text", `Zoë`, "Zo\xeb", `\ud800`, `\udc00\ud800`, `\x41`, "a\nb", `\u00`),
	swapped("broken JSON", `,"sex":"female"`, `,"sex":NaN`, `,'sex':'female'`, `,"sex":"female",`, `,"sex":undefined`, `,"sex":0x1`, `,"sex":+1`, `,sex:"female"`, `,"sex":"femal`),
)

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"f%d":0,`, i)
	}
	return b.String()
}

// tear changes single bytes: what comes of it only the oracle knows.
func tear(body []byte, r *rand.Rand) []byte {
	body = slices.Clone(body)
	for range 1 + r.IntN(3) {
		i := r.IntN(len(body))
		switch r.IntN(5) {
		case 0:
			body[i] = byte(r.IntN(256))
		case 1:
			body = slices.Delete(body, i, i+1)
		case 2:
			body = slices.Insert(body, i, `"{}[],:\u0 0.eE-`[r.IntN(16)])
		case 3:
			j := r.IntN(len(body))
			body[i], body[j] = body[j], body[i]
		default:
			to := min(len(body), i+1+r.IntN(40))
			body = slices.Insert(body, r.IntN(len(body)), body[i:to]...)
		}
	}
	return body
}

// made is the n-th message of a run, and whether by construction it must be
// refused. The same seed makes the same.
func made(seed uint64, n int) (events.AgencyID, bus.Message, string, bool) {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	f := sound(r, n)
	for range r.IntN(3) {
		h := harmless[r.IntN(len(harmless))]
		if h.name == "data in base64" && f.binary || h.name == "binary mode" && len(f.data) == 0 {
			continue
		}
		if f.data != "" {
			h.do(f, r)
			f.what += ", " + h.name
		}
	}
	inBase64 := f.data == ""
	if inBase64 { // nothing can be changed in it, and no other data may stand beside it
		m := f.message()
		m.Body = []byte(strings.Replace(string(m.Body), `,"data":}`, `}`, 1))
		return f.agency, m, f.what, false
	}
	switch r.IntN(10) {
	case 0:
		return f.agency, f.message(), f.what, false
	case 1, 2:
		m := f.message()
		m.Body = tear(m.Body, r)
		return f.agency, m, f.what + ", torn", false
	}
	changes := 1 + r.IntN(2)
	for range changes {
		h := harmful[r.IntN(len(harmful))]
		before := fmt.Sprint(f.agency, f.message())
		h.do(f, r)
		f.what += ", " + h.name
		// Of two changes one may mend the other, and in binary mode some change nothing.
		f.broken = changes == 1 && fmt.Sprint(f.agency, f.message()) != before && !f.binary
	}
	return f.agency, f.message(), f.what, f.broken
}

// tally is what a run counted.
type tally struct {
	mu                       sync.Mutex
	accepted, refused, wrong int
	longest                  time.Duration
	receipts                 map[int]bus.Receipt
}

// TestForged: whoever tries whatever, what is accepted is what should be. The
// oracle shares no code with intake and is asked about each message; what was
// broken on purpose must be refused whatever the oracle says.
func TestForged(t *testing.T) {
	n := 2000
	if os.Getenv("KITH_SOAK") != "" {
		n = 100_000
	}
	seed := uint64(11)
	if s, err := strconv.ParseUint(os.Getenv("KITH_SEED"), 10, 64); err == nil {
		seed = s
	}
	d := open(t, plain)
	o := oracle{now: time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC), agencies: map[events.AgencyID]events.Agency{}}
	for _, a := range agencies {
		o.agencies[a.ID] = a
	}
	c := &tally{receipts: map[int]bus.Receipt{}}
	inParallel(t, n, func(i int) {
		agency, m, what, broken := made(seed, i)
		should := o.should(agency, m)
		if broken && should {
			t.Errorf("message %d (%s): the oracle would accept what is broken on purpose", i, what)
		}
		c.judge(t, d, i, agency, m, what, should && !broken)
	})
	again := c.replay(t, d, seed)
	t.Logf("%d mutated or forged messages and %d replays: %d accepted, %d refused, %d of them wrongly, 0 crashes; the longest took %v (seed %d)",
		n, again, c.accepted, c.refused, c.wrong, c.longest.Round(time.Millisecond), seed)
	if !t.Failed() && (c.accepted < n/20 || c.refused < n/2) {
		t.Error("too few of one kind: the test shows little")
	}
	if c.longest > 15*time.Second {
		t.Error("one message kept the door busy for too long")
	}
	d.heldOnce(t, c.receipts)
}

// inParallel does n things, as many at a time as share one sync of the disk.
func inParallel(t *testing.T, n int, do func(int)) {
	var g sync.WaitGroup
	for w := range 32 {
		g.Go(func() {
			for i := w; i < n && !t.Failed(); i += 32 {
				do(i)
			}
		})
	}
	g.Wait()
}

func (c *tally) judge(t *testing.T, d *door, i int, agency events.AgencyID, m bus.Message, what string, should bool) {
	from := time.Now()
	a, err := d.Take(context.Background(), agency, m)
	took := time.Since(from)
	if err != nil {
		t.Errorf("message %d (%s): %v", i, what, err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.longest = max(c.longest, took)
	if (a.Receipt != nil) != should {
		c.wrong++
		t.Errorf("message %d (%s): accepted %v, should be %v\nagency %s, headers %q, subject %q\n%.3000s\n%+v", i, what, a.Receipt != nil, should, agency, m.Header, m.Subject, m.Body, a.Refusal)
	}
	if a.Receipt == nil {
		c.refused++
		return
	}
	c.accepted++
	c.receipts[i] = *a.Receipt
}

// replay sends again what was accepted: as it was, from another agency, and with
// other content under the same id.
func (c *tally) replay(t *testing.T, d *door, seed uint64) (n int) {
	var which []int
	for i := range c.receipts {
		which = append(which, i)
	}
	slices.Sort(which)
	var mu sync.Mutex
	inParallel(t, len(which), func(k int) {
		_, m, what, _ := made(seed, which[k])
		was := c.receipts[which[k]]
		a, err := d.Take(context.Background(), police, m)
		if err != nil || a.Receipt == nil || a.Receipt.Note != was.Note {
			t.Errorf("message %d (%s), replayed: %v, another receipt than at first", which[k], what, err)
		}
		if a, err := d.Take(context.Background(), agencies[2].ID, m); err != nil || a.Receipt != nil {
			t.Errorf("message %d (%s), replayed by another agency: accepted %v, %v", which[k], what, a.Receipt != nil, err)
		}
		other := sent(was.ID, missing1, []byte(sound(rand.New(rand.NewPCG(seed, 7)), -1-which[k]).data))
		if a, err := d.Take(context.Background(), police, other); err != nil || a.Receipt != nil {
			t.Errorf("message %d (%s), another event under its id: accepted %v, %v", which[k], what, a.Receipt != nil, err)
		}
		mu.Lock()
		defer mu.Unlock()
		n += 3
		c.accepted++
		c.refused += 2
	})
	return n
}

// heldOnce: in the log stands what has a receipt, and nothing else.
func (d *door) heldOnce(t *testing.T, receipts map[int]bus.Receipt) {
	t.Helper()
	ids := map[string]bool{}
	for _, r := range receipts {
		ids[r.ID] = true
	}
	var accepted []string
	for _, e := range held[events.EventAccepted](t, d.store, "intake") {
		accepted = append(accepted, e.EventID)
	}
	slices.Sort(accepted)
	if want := slices.Sorted(maps.Keys(ids)); !slices.Equal(accepted, want) {
		t.Errorf("the log holds %d acceptances, %d have a receipt", len(accepted), len(want))
	}
	for _, i := range held[events.Item](t, d.store, "subject") {
		if !ids[i.EventID] || i.Agency != police {
			t.Errorf("the log holds an item that nobody has a receipt for")
		}
	}
}
