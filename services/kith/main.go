// Command kith is the whole of Kith in one program: the hub of a partnership,
// the edge of one agency, a demonstration of both, and the tools about them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // the image holds nothing but this program
)

// Exit codes, for scripts.
const (
	exitGood   = 0
	exitFailed = 1 // the command ran and the answer is no
	exitUsage  = 2 // the command line is wrong
)

// command is one subcommand: what help says of it, and what it does.
type command struct {
	name, args, about string
	run               func(ctx context.Context, c *call) error
}

// call is one invocation of a subcommand.
type call struct {
	flags    *flag.FlagSet
	args     []string
	out, err io.Writer
}

// errUsage is an error of the command line; the text says how to mend it.
var errUsage = errors.New("usage")

func commands() []command {
	return []command{
		{"demo", "[-addr 127.0.0.1:8080] [-data DIR]", "everything in one process, with eight invented families", demo},
		{"hub", "-config FILE | approve -config FILE LINE | agencies -config FILE | revoke -config FILE ID | bar|unbar -config FILE ACCOUNT | sign-out -config FILE -actor ACCOUNT|-agency ID|-all", "the hub of a partnership; or let in an agency that made its own key, list the agencies, put one out, put an account out, sign people out, while the hub runs", runHub},
		{"agency", "-config FILE | init -id ID -kind KIND -nats URL [-dir DIR] | join [-dir DIR] FILE", "the edge of one agency: takes native records, keeps them until the hub's receipt is held; or make its key and configuration", runAgency},
		{"trigger", "TYPE [-as police | -source URN] [-id ID]", "print a valid sample of a type of event, about invented people", trigger},
		{"validate", "FILE… [-kind KIND] [-source URN] [-independent] [-door PATH] [-json]", "say offline what the hub would say of events, or a door of records", validateFiles},
		{"publish", "FILE… -as police | -url URL -creds FILE -agency ID [-door PATH] [-json]", "send events, or native records of a door, over NATS as an agency and show the hub's receipts", publishFiles},
		{"listen", "-as police | -url URL -creds FILE -agency ID [-json]", "show what comes into an agency's inbox", listenInbox},
		{"replay", "-as police | -url URL -creds FILE -agency ID [-json]", "show what an agency's inbox holds, from its beginning", replay},
		{"doctor", "-config FILE | -as police | -url URL -creds FILE -agency ID [-hub URL] [-json]", "look at all that stands between an agency and its receipts: clock, certificates, credentials, the way to the hub, the outbox; each finding with what to do", doctor},
		{"bench", "append|decide|decode|flood|ingest|rebuild|recover|stream|view [-json]", "measure this machine: durable appends beside other stores, what an event costs before it is stored, one agency that floods, publish to receipt to visible, the read models built anew, start after kill -9, reads of a stream in a large log, reads of the view", bench},
		{"verify", "-data DIR | -config FILE [-checkpoint FILE] [-receipt FILE -proof OUT] [-json]", "check that a record, or a copy of it, is what was recorded; docs/verify.md explains it", verifyRecord},
		{"nats-config", "-out DIR -agencies a,b,c | -out DIR -leaf-of URL -creds FILE", "write the configuration and credentials of a NATS server for these agencies; or that of a leaf node at an agency", natsConfig},
		{"backup", "-data DIR -to DIR [-keys-to DIR] [-json]", "copy the record of a hub, which goes on meanwhile; the keys to a place of their own", runBackup},
		{"restore", "-from DIR -keys-from DIR -data DIR [-json]", "put a backup into a new folder, checked, whole or not at all", runRestore},
		{"lost", "-data DIR -after POSITION [-forget] [-json]", "at an agency: what a hub that was restored to a position does not know any more", lost},
		{"outbox", "list|show|correct|withdraw|drop -data DIR [-json] [NUMBER|ID] [FILE]", "at an agency: what waits for the hub, what it refused or accepted, what could not be translated; put it right or take it back", outbox},
		{"policy", "check FILE | explain [-role ROLE …] | print | replay -data DIR -read POSITION|-all | what-if -policy FILE -data DIR [-since DAY]; each with [-json]", "check a file of policies; say who sees what, which policies spoke and which nearly did; decide a recorded read again; run a draft over the recorded reads", runPolicy},
		{"rebuild", "-data DIR [-only NAME] [-check] [-switch same|always] [-json]", "build the read models anew beside those that serve, compare, switch; a running hub is asked to do it", runRebuild},
		{"erase", "list|ask|confirm|cancel -data DIR [-child ID [-agency ID] | -subject ID] [-why REASON] [-reference TEXT] [-json] [ID]", "erase what the hub holds about a child or a part of it, with a second person: ask, confirm what another asked, take it back; the hub must run", runErase},
		{"hold", "list|place|lift -data DIR [-child ID [-agency ID] | -subject ID] [-why REASON] [-reference TEXT] [-json] [ID]", "place a legal hold, which forbids to erase; lift one, with a second person; the hub must run", runHold},
		{"keys", "rotate -data DIR | -config FILE [-fresh] [-json]", "give a hub's keys a new master key, while the hub runs or not; with -fresh also a new key for what is sealed from now on", runKeys},
		{"status", "-data DIR [-json]", "how far each read model is, what it could not take, and whether the hub is ready", runStatus},
		{"webhook", "list|test|enable|disable -data DIR [-json] [AGENCY] | secret -out FILE | verify -key FILE BODY", "how a running hub's webhooks do, try one, disable and enable it; make a key that signs; check a delivery", runWebhook},
		{"staff", "-data DIR | -config FILE [-out FILE] CSV…", "make marks, keyed hashes, of the agencies' registers of staff, so that the hub can tell who looks at their own, a neighbour's or a colleague's child", makeStaff},
		{"regime", "show|commence|revoke -data DIR | -config FILE [-from DAY -instrument TEXT | -reason TEXT] [-json]", "say from which day the duty to share information is in force in the area of a running hub, and under which regulations", runRegime},
		{"file", "key|due|export|accept|receipt ...", "at a school: hand a child protection file to the next school, signed and with a receipt, and know by when", handFile},
		{"health", "-url URL", "ask a running process whether it is ready; for health checks", askHealth},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, out, errw io.Writer) int {
	if len(args) == 0 || args[0] == "-h" || args[0] == "--help" || args[0] == "help" {
		usage(out)
		return exitGood
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return runOne(ctx, c, args[1:], out, errw)
		}
	}
	fmt.Fprintf(errw, "kith: there is no command %q; kith -h lists them\n", args[0])
	return exitUsage
}

func runOne(ctx context.Context, c command, args []string, out, errw io.Writer) int {
	fs := flag.NewFlagSet("kith "+c.name, flag.ContinueOnError)
	fs.SetOutput(errw)
	fs.Usage = func() {
		fmt.Fprintf(fs.Output(), "kith %s %s\n  %s\n", c.name, c.args, c.about)
		fs.PrintDefaults()
	}
	err := c.run(ctx, &call{flags: fs, args: args, out: out, err: errw})
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitGood
	case errors.Is(err, errUsage):
		return exitUsage
	}
	fmt.Fprintf(errw, "kith %s: %v\n", c.name, err)
	return exitFailed
}

// parse reads the flags; what is wrong was already said when it returns errUsage.
func (c *call) parse() error {
	err := c.flags.Parse(c.args)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		return errUsage
	}
	return err
}

// inner is the call of a word after the command.
func (c *call) inner() *call { c.args = c.args[1:]; return c }

// wrong says what is wrong with the command line.
func (c *call) wrong(format string, args ...any) error {
	fmt.Fprintf(c.err, c.flags.Name()+": "+format+"\n", args...)
	return errUsage
}

func usage(w io.Writer) {
	fmt.Fprint(w, "kith joins what police, health, education and social care know about a child at risk.\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  kith %s %s\n      %s\n", c.name, c.args, c.about)
	}
	fmt.Fprint(w, "\nkith COMMAND -h explains each. Exit: 0 good, 1 it failed, 2 wrong usage.\n")
}
