package services_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// planted is a bug that a test has to find. One of them is put into a copy of
// the file, and the test is run against the copy: it must fail. A test that
// passes all the same proves nothing, and has to be mended before it is believed.
type planted struct {
	bug      string // what went wrong, in a few words
	file     string // from the root of the module
	old, new string // old stands in the file exactly once
	pkg      string // whose test must find it, from the root of the module
	test     string // its name, as go test -run takes it
	always   bool   // run it in make test too, not only in make soak
}

// plantedBugs is added to by whoever writes a test that protects a promise.
var plantedBugs = []planted{
	{
		bug:  "one person lifts a restriction by two accounts",
		file: "services/disclosure/lift.go",
		old:  `first.Person == s.Person || `, new: ``,
		pkg: "services/disclosure", test: "TestLiftIsNotAbused", always: true,
	},
	{
		bug:  "who became related meanwhile has signed",
		file: "services/disclosure/lift.go",
		old:  `case b.maySign(s.as(first), l.LiftProposed) != nil, !s.stands(first):`, new: `case !s.stands(first):`,
		pkg: "services/disclosure", test: "TestLiftIsNotAbused",
	},
	{
		bug:  "a clock that is put back makes it earlier",
		file: "services/disclosure/book.go",
		old:  `if clock.Before(b.latest) {`, new: `if false {`,
		pkg: "services/disclosure", test: "TestLiftIsNotAbused|TestGlassIsNotAbused",
	},
	{
		bug:  "the people around a child are not looked at",
		file: "services/disclosure/barrier.go",
		old:  `people, err := g.people(ctx, others)`, new: `people, err := g.people(ctx, nil)`,
		pkg: "services/disclosure", test: "TestBarredIsAbsent",
	},
	{
		bug:  "a concern about a child that is kept from the reader is listed",
		file: "services/disclosure/concern.go",
		old:  `if !hidden && rd.concern(&c) {`, new: `if _ = hidden; rd.concern(&c) {`,
		pkg: "services/disclosure", test: "TestBarredIsAbsent", always: true,
	},
	{
		bug:  "a past picture is not looked at for a barrier",
		file: "services/disclosure/gate.go",
		old:  `return none, s, nil`, new: `return p, standing{}, nil`,
		pkg: "services/disclosure", test: "TestBarredIsAbsent",
	},
	{
		bug:  "emergency access opens an adoption",
		file: "services/disclosure/glass.go",
		old:  `return c == events.ForHighRisk || c == events.ForStaffKin`, new: `return true`,
		pkg: "services/disclosure", test: "TestGlassHolds",
	},
	{
		bug:  "emergency access has no end",
		file: "services/disclosure/glass.go",
		old:  `mine && !misused && now.Before(x.Until)`, new: `mine && !misused && !now.IsZero()`,
		pkg: "services/disclosure", test: "TestBreakGlass", always: true,
	},
	{
		bug:  "append without looking at what the stream has reached",
		file: "events/store/sqlite/plan.go",
		old:  "w.Expect != store.Any && w.Expect != head", new: "false && w.Expect != head",
		pkg: "events/store/sqlite", test: "TestContract",
	},
	{
		bug:  "commit the rows of a read model without their position",
		file: "services/internal/follow/batch.go",
		old:  "f.p.reached(ctx, b.tx, b.last)", new: "f.p.reached(ctx, b.tx, 0)",
		pkg: "services/internal/follow", test: "TestGoesOnAfterARestart", always: true,
	},
	{
		bug:  "build a read model without one of the events",
		file: "services/internal/follow/build.go",
		old:  "if g.event.Position <= b.at {", new: "if g.event.Position <= b.at || g.event.Position == 3 {",
		pkg: "services/internal/follow", test: "TestBuiltIsFollowed", always: true,
	},
	{
		bug:  "build a read model with rows of an event that failed",
		file: "services/internal/follow/build.go",
		old:  "`ROLLBACK TO before`", new: "`SAVEPOINT after`",
		pkg: "services/internal/follow", test: "TestBuiltIsFollowed",
	},
	{
		bug:  "an entry is not compared with its leaf",
		file: "services/internal/tree/verify.go",
		old:  `if stored != h {`, new: `if stored != h && false {`,
		pkg: "services/internal/tree", test: "TestVerifyFindsTheFirstBadEntry", always: true,
	},
	{
		bug:  "the root of a checkpoint is not compared",
		file: "services/internal/tree/claims.go",
		old:  `if v.tree.root() == c.Hash {`, new: `if true {`,
		pkg: "services/internal/tree", test: "TestVerifyByCheckpointsAlone", always: true,
	},
	{
		bug:  "signatures of kept checkpoints are not checked",
		file: "services/internal/tree/claims.go",
		old:  `if key != nil {`, new: `if false {`,
		pkg: "services/internal/tree", test: "TestVerifyFindsDamagedTree|TestVerifyRefusesForgedCheckpoints",
	},
	{
		bug:  "hashes above the leaves are not checked",
		file: "services/internal/tree/stored.go",
		old:  `stored != h) && s.bad < 0`, new: `stored != h && false) && s.bad < 0`,
		pkg: "services/internal/tree", test: "TestVerifyFindsDamagedTree",
	},
	{
		bug:  "a tree that is built anew need not agree with checkpoints",
		file: "services/internal/tree/follow.go",
		old:  `if h := t.leaves.root(); h != t.pending[0].Hash {`, new: `if false {`,
		pkg: "services/internal/tree", test: "TestOpenFindsAChangedLog", always: true,
	},
	{
		bug:  "what the tree held after its checkpoint is forgotten",
		file: "services/internal/tree/follow.go",
		old:  `if p != at || stored != h {`, new: `if (p != at || stored != h) && false {`,
		pkg: "services/internal/tree", test: "TestOpenFindsAChangedLog",
	},
	{
		bug:  "the newest leaves are not looked at",
		file: "services/internal/tree/follow.go",
		old:  `err != nil || p != r.Position || hs[0] != t.write.hash(r)`, new: `err != nil || (p != r.Position || hs[0] != t.write.hash(r)) && false`,
		pkg: "services/internal/tree", test: "TestOpenFindsAChangedLog",
	},
	{
		bug:  "a hub signs less than another signed",
		file: "services/internal/tree/sign.go",
		old:  `if c.N < last.N {`, new: `if false {`,
		pkg: "services/internal/tree", test: "TestHubsOfOneLog",
	},
	{
		bug:  "a hub signs what does not go on from another",
		file: "services/internal/tree/sign.go",
		old:  `if h != last.Hash {`, new: `if h != last.Hash && false {`,
		pkg: "services/internal/tree", test: "TestHubsOfOneLog",
	},
	{
		bug:  "values of a leaf can pretend to be lines",
		file: "services/internal/tree/leaf.go",
		old:  `if c := value[i]; c <= ' ' || c >= 0x7f || c == '%' {`, new: `if false {`,
		pkg: "services/internal/tree", test: "TestLeaf",
	},
	{
		bug:  "children of a node are swapped",
		file: "services/internal/tree/file.go",
		old:  `tlog.NodeHash(f.hash[level], f.made[level])`, new: `tlog.NodeHash(f.made[level], f.hash[level])`,
		pkg: "services/internal/tree", test: "TestStoredAsTlogStores",
	},
	{
		bug:  "a witness does not sync the checkpoint it keeps",
		file: "services/internal/witness/folder.go",
		old:  "\t\terr = f.sync(w)", new: "\t\t_ = f.sync",
		pkg: "services/internal/witness", test: "TestPowerCut",
	},
	{
		bug:  "a witness does not sync the folder of what it keeps",
		file: "services/internal/witness/folder.go",
		old:  "\treturn f.syncDir(f.dir)", new: "\treturn nil",
		pkg: "services/internal/witness", test: "TestPowerCut|TestDiskFails", always: true,
	},
	{
		bug:  "a witness answers while it still keeps",
		file: "services/internal/witness/witness.go",
		old:  "\t\terr = w.keep.put(fileOf(h.name), text)", new: "\t\tgo func() { _ = w.keep.put(fileOf(h.name), text) }()",
		pkg: "services/internal/witness", test: "TestKilledWitness",
	},
	{
		bug:  "a witness cosigns what it could not keep",
		file: "services/internal/witness/witness.go",
		old:  "\t\terr = w.keep.put(fileOf(h.name), text)", new: "\t\t_ = w.keep.put(fileOf(h.name), text)",
		pkg: "services/internal/witness", test: "TestDiskFails",
	},
	{
		bug:  "a witness takes another root at the size it holds",
		file: "services/internal/witness/judge.go",
		old:  "next.size == held.size && next.root != held.root", new: "next.size > held.size && next.root != held.root",
		pkg: "services/internal/witness", test: "TestAdd|TestForkedHub",
	},
	{
		bug:  "a witness does not check the proof",
		file: "services/internal/witness/judge.go",
		old:  "\tcase !consistent(held, next, proof):", new: "\tcase false:",
		pkg: "services/internal/witness", test: "TestForksAreRefused", always: true,
	},
	{
		bug:  "a witness does not compare where the hub begins",
		file: "services/internal/witness/judge.go",
		old:  "\tcase old != held.size:", new: "\tcase false:",
		pkg: "services/internal/witness", test: "TestAdd",
	},
	{
		bug:  "a witness begins again when its file is damaged",
		file: "services/internal/witness/witness.go",
		old:  " && h.has(w.hub) && h.has(w.mine) {", new: " {",
		pkg: "services/internal/witness", test: "TestDamagedFileIsNotForgotten",
	},
	{
		bug:  "a witness keeps no evidence of a fork",
		file: "services/internal/witness/witness.go",
		old:  "\tif v.conflict {", new: "\tif false {",
		pkg: "services/internal/witness", test: "TestEvidence",
	},
	{
		bug:  "a cosignature does not cover its time",
		file: "services/internal/witness/cosign.go",
		old:  `time %d\n", seconds)`, new: `time 0\n")`,
		pkg: "services/internal/witness", test: "TestCosignatureElsewhere",
	},
	{
		bug:  "the hub does not compare its tree with what was cosigned",
		file: "services/internal/witness/desk.go",
		old:  "ours := held.note == nil || contains(now, held, r.proof)", new: "ours := true",
		pkg: "services/internal/witness", test: "TestHubKnowsItsPast",
	},
	{
		bug:  "the hub counts cosignatures of different checkpoints together",
		file: "services/internal/witness/collector.go",
		old:  "by[h.note.Text] = append(by[h.note.Text], h)", new: `by[""] = append(by[""], h)`,
		pkg: "services/internal/witness", test: "TestAgenciesCosign",
	},
	{
		bug:  "the hub is content with one cosignature",
		file: "services/internal/witness/collector.go",
		old:  "len(held) < k.quorum", new: "len(held) < 1",
		pkg: "services/internal/witness", test: "TestAwayAndBack",
	},
	{
		bug:  "answer an append before its transaction is committed",
		file: "events/store/sqlite/commit.go",
		old:  "err = tx.Commit()", new: "for i, r := range rs { r.answer <- answers[i] }; time.Sleep(20 * time.Millisecond); err = tx.Commit()",
		pkg: "services/kith", test: "TestKill",
	},
	{
		bug:  "append the acceptance of an event before its items",
		file: "services/intake/intake.go",
		old:  "at, err := in.store.Append(ctx, slices.Concat(batches(items, cause), old.batch(msg, cause), []store.Batch{last})...)",
		new:  "at, err := in.store.Append(ctx, last); if err == nil { time.Sleep(20 * time.Millisecond); _, err = in.store.Append(ctx, slices.Concat(batches(items, cause), old.batch(msg, cause))...) }",
		pkg:  "services/kith", test: "TestKill",
	},
	{
		bug:  "take two corrections of one event",
		file: "services/intake/supersede.go",
		old:  "Expect: e.rev,", new: "Expect: store.Any,",
		pkg: "services/intake", test: "TestTwoCorrectionsAtOnce",
	},
	{
		bug:  "forget who was shown an item before it was corrected",
		file: "services/notices/recall.go",
		old:  "`INSERT INTO superseded VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, i.Item, v.Agency, v.Withdrawn)\n\t\tif err != nil {\n\t\t\treturn err\n\t\t}",
		new:  "`INSERT INTO superseded VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, i.Item, v.Agency, v.Withdrawn)\n\t\tif true {\n\t\t\treturn err\n\t\t}",
		pkg:  "services/notices", test: "TestWhoSawItIsTold",
	},
	{
		bug:  "show a corrected item beside its correction",
		file: "services/childview/fold.go",
		old:  "!ok || stood {", new: "!ok || stood && false {",
		pkg: "services/childview", test: "TestWhatStands",
	},
	{
		bug:  "name an event by when it came, not by what it says",
		file: "services/intake/intake.go",
		old:  `name+"\x00"+content)`, new: `name+"\x00"+content+in.now().String())`,
		pkg: "services/kith", test: "TestKill",
	},
	{
		bug:  "take subjects off the list before their links are recorded",
		file: "services/identity/settle.go",
		old:  "at := make([]store.Position, len(cases))",
		new:  "_ = i.conclude(ctx, cases, make([]store.Position, len(cases)), make([]error, len(cases))); at := make([]store.Position, len(cases))",
		pkg:  "services/identity", test: "TestALinkThatCouldNotBeRecorded", always: true,
	},
	{
		bug:  "save as the position of a read model where the log ends, not where its rows do",
		file: "services/internal/follow/batch.go",
		old:  "f.p.reached(ctx, b.tx, b.last)",
		new:  "f.p.reached(ctx, b.tx, func() store.Position { p, _ := f.s.Last(ctx); return max(p, b.last) }())",
		pkg:  "services/kith", test: "TestKill",
	},
	{
		bug:  "say that the outbox keeps a record before it does",
		file: "services/internal/edge/outbox.go",
		old:  "func (b *outbox) transact(ctx context.Context, f func(*sql.Tx) error) error {",
		new: `func (b *outbox) transact(ctx context.Context, f func(*sql.Tx) error) error {
	go func() { time.Sleep(20 * time.Millisecond); _ = b.later(context.WithoutCancel(ctx), f) }()
	return nil
}
func (b *outbox) later(ctx context.Context, f func(*sql.Tx) error) error {`,
		pkg: "services/internal/edge", test: "TestKill",
	},
	{
		bug:  "forget a record as it is sent, not when its receipt is here",
		file: "services/internal/edge/forward.go",
		old:  "e.flying.add(rows, time.Now())",
		new:  `e.flying.add(rows, time.Now()); for _, r := range rows { _, _ = e.box.Write.ExecContext(ctx, "DELETE FROM outbox WHERE seq = ?", r.seq) }`,
		pkg:  "services/internal/edge", test: "TestKill",
	},
	{
		bug:  "tell NATS that a message is dealt with before its answer is stored",
		file: "events/bus/hub.go",
		old:  "err = d.tell(ctx, a, meta.Sequence.Stream)", new: "_ = m.Ack(); err = d.tell(ctx, a, meta.Sequence.Stream)",
		pkg: "events/bus", test: "TestAnswerThatCannotBeStored",
	},
	{
		bug:  "commit without a sync",
		file: "events/store/sqlite/open.go",
		old:  `Synchronous: "FULL"`, new: `Synchronous: "OFF"`,
		pkg: "events/store/sqlite", test: "TestEveryCallFailsOnce",
	},
	{
		bug:  "acknowledge although the commit failed",
		file: "events/store/sqlite/commit.go",
		old:  "err = tx.Commit()", new: "_ = tx.Commit()",
		pkg: "events/store/sqlite", test: "TestEveryCallFailsOnce",
	},
	{
		bug:  "go on after what was committed could not be moved into the file",
		file: "events/store/sqlite/file/checkpoint.go",
		old:  `f.suspect = fmt.Errorf("move what was committed into the file: %w", err)`, new: `_ = fmt.Errorf`,
		pkg: "events/store/sqlite", test: "TestCheckpointSyncFails", always: true,
	},
	{
		bug:  "close a suspect file in order, so that SQLite moves the rest",
		file: "events/store/sqlite/file/checkpoint.go",
		old:  "	give(write, driver.ErrBadConn)\n	give(read, driver.ErrBadConn)", new: "	give(read, driver.ErrBadConn)\n	give(write, driver.ErrBadConn)",
		pkg: "events/store/sqlite", test: "TestCheckpointSyncFails",
	},
	{
		bug:  "build on what was found without writing it again",
		file: "events/store/sqlite/file/settle.go",
		old:  `errors.Join(rewrite(f.path+"-wal"), tx.Rollback())`, new: `tx.Rollback()`,
		pkg: "events/store/sqlite", test: "TestStartAfterASyncFailed",
	},
	{
		bug:  "begin with the present moment at each start",
		file: "events/store/sqlite/open.go",
		old:  "l.at = moment(at)", new: "l.at = moment(0)",
		pkg: "events/store/sqlite", test: "TestTimeStandsStill",
	},
	{
		bug:  "append without looking at what the stream has reached, seen in histories",
		file: "events/store/sqlite/plan.go",
		old:  "w.Expect != store.Any && w.Expect != head", new: "false && w.Expect != head",
		pkg: "events/store/sqlite", test: "TestLinearizable",
	},
	{
		bug:  "announce a position that is not there",
		file: "events/store/sqlite/commit.go",
		old:  "\tl.at = p.at\n", new: "\tl.at = p.at; p.last += 1\n",
		pkg: "events/store/sqlite", test: "TestLinearizable|TestCrashStates",
	},
	{
		bug:  "seal with a key that is not on stable storage",
		file: "services/internal/keys/keys.go",
		old:  "sqlite.Open(ctx, path, sqlite.Durable)", new: "sqlite.Open(ctx, path, sqlite.Rebuildable)",
		pkg: "services/internal/follow", test: "TestCrashStates|TestEveryCallFailsOnce",
	},
	{
		bug:  "commit the position of a read model before its rows",
		file: "services/internal/follow/batch.go",
		old:  "	b.last = e.Position\n", new: "	b.last = e.Position + 1\n",
		pkg: "services/internal/follow", test: "TestCrashStates|TestEveryCallFailsOnce",
	},
	{
		bug:  "a webhook goes on to the next message after one that failed",
		file: "services/notices/hook.go",
		old:  "k.stands().Mark() != k.stands().Mark().Past(m) {", new: "k.stands().Mark() != k.stands().Mark().Past(m) && false {",
		pkg: "services/notices", test: "TestKill|TestHooks",
	},
	{
		bug:  "a webhook sends what is not in the ledger",
		file: "services/notices/hook.go",
		old:  "	if err := k.record(ctx, m); err != nil {", new: "	if err := k.record(ctx, m); err != nil && false {",
		pkg: "services/notices", test: "TestNothingLeavesUnrecorded", always: true,
	},
	{
		bug:  "what a webhook did not take counts as delivered",
		file: "services/internal/webhook/standing.go",
		old:  "	s.Failures++\n", new: "	s.Failures++\n	s.Delivered++\n",
		pkg: "services/internal/webhook", test: "TestStanding",
	},
	{
		bug:  "how far a webhook is stays in memory",
		file: "services/notices/standing.go",
		old:  "INSERT OR REPLACE INTO webhook VALUES (?, ?)", new: "INSERT OR IGNORE INTO webhook VALUES (?, ?)",
		pkg: "services/notices", test: "TestRetryAfter|TestDisabled",
	},
	{
		bug:  "a webhook reaches whatever its name means",
		file: "services/internal/webhook/send.go",
		old:  "Control: guard{t.Networks, plain}.control", new: "Control: guard{append(t.Networks, kept...), plain}.control",
		pkg: "services/internal/webhook", test: "TestRebinding",
	},
}

// TestPlantedBugs plants every bug with KITH_SOAK=1, else those that are quick.
// Every row is held against the source in any case.
func TestPlantedBugs(t *testing.T) {
	caught, missed, left := 0, 0, 0
	all := slices.Concat(plantedBugs, gateBugs())
	for _, p := range all {
		t.Run(p.bug, func(t *testing.T) {
			overlay := p.plant(t)
			if !p.always && os.Getenv("KITH_SOAK") == "" {
				left++
				return
			}
			if p.find(t, overlay) {
				caught++
			} else {
				missed++
			}
		})
	}
	t.Logf("%d planted bugs: %d caught, %d missed, %d left to make soak",
		len(all), caught, missed, left)
}

// plant writes the mutated copy and says, in a file, what it stands for.
func (p planted) plant(t *testing.T) string {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("..", p.file))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), p.old); n != 1 {
		t.Fatalf("%q stands %d times in %s, not once: bring the row up to date with the source", p.old, n, p.file)
	}
	dir := t.TempDir()
	mutated, overlay := filepath.Join(dir, filepath.Base(file)), filepath.Join(dir, "overlay.json")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {file: mutated}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{mutated: strings.Replace(string(text), p.old, p.new, 1), overlay: string(list)} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return overlay
}

// find runs the test against the copy, with its quick counts.
func (p planted) find(t *testing.T, overlay string) bool {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-timeout=2m", "-overlay", overlay, "-run", p.test, "./"+p.pkg)
	c.Dir = ".."
	c.Env = append(os.Environ(), "KITH_SOAK=")
	out, err := c.CombinedOutput()
	switch text := string(out); {
	case err == nil:
		t.Errorf("not caught: %s passes with %q in %s\n%s", p.test, p.new, p.file, text)
	case strings.Contains(text, "--- FAIL") || strings.Contains(text, "panic: "):
		return true
	default:
		t.Errorf("%s did not run: %v\n%s", p.test, err, text)
	}
	return false
}
