package telemetry

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"log/slog"
	"strings"

	"kith/services/fault"
)

// newLogger returns a logger of JSON lines that writes the values of listed
// keys only. In a group no key is listed. Messages are constants of the program; values go into attributes.
func newLogger(w io.Writer, service string) *slog.Logger {
	h := slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: clean})
	return slog.New(h).With("service", service)
}

func clean(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 || !logKeys(a.Key) {
		return slog.String(a.Key, withheld)
	}
	switch a.Value.Kind() {
	case slog.KindAny:
		if a.Value.Any() == nil {
			return slog.Attr{} // no error is nothing to write down
		}
		return slog.Attr{Key: a.Key, Value: cleanAny(a.Value.Any())}
	case slog.KindString:
		return slog.String(a.Key, cleanText(a.Key, a.Value.String()))
	default:
		return a
	}
}

func cleanText(key, text string) string {
	switch {
	case key == "error":
		return scrub(text)
	case key == "reference" && !opaque(text):
		return withheld
	case len(text) > tooLong:
		return withheld
	}
	return text
}

// opaque tells the trace of a request, which is a reference of ours, from a
// reference that somebody typed.
func opaque(s string) bool {
	return len(s) == 32 && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyz") == ""
}

// cleanAny lets through errors, scrubbed, and single values: a level, an agency.
// A whole struct or list is never an attribute.
func cleanAny(v any) slog.Value {
	if err, ok := v.(error); ok {
		return slog.StringValue(scrub(explain(err)))
	}
	if l, ok := v.(slog.Level); ok {
		return slog.StringValue(l.String())
	}
	b, err := json.Marshal(v)
	if err != nil || len(b) > tooLong || b[0] == '{' || b[0] == '[' {
		return slog.StringValue(withheld)
	}
	return slog.AnyValue(v)
}

// explain adds what a fault keeps for the log alone.
func explain(err error) string {
	var f *fault.Error
	if errors.As(err, &f) && f.Err != nil {
		return err.Error() + ": " + f.Err.Error()
	}
	return err.Error()
}

// Quiet leaves out of the log what is not at least a warning, for a process
// whose terminal somebody is looking at.
func (t *Telemetry) Quiet() { t.Log = slog.New(warnings{t.Log.Handler()}) }

type warnings struct{ slog.Handler }

func (h warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}

func (h warnings) WithAttrs(as []slog.Attr) slog.Handler {
	return warnings{h.Handler.WithAttrs(as)}
}

func (h warnings) WithGroup(name string) slog.Handler { return warnings{h.Handler.WithGroup(name)} }

// ErrorLog is for http.Server. It keeps the first words of each complaint: the
// rest may be a caller's address, or the value of a panic.
func (t *Telemetry) ErrorLog() *log.Logger {
	return log.New(firstWords{t.Log}, "", 0)
}

type firstWords struct{ log *slog.Logger }

func (f firstWords) Write(p []byte) (int, error) {
	words := strings.Fields(string(p))
	f.log.Warn("http server", "complaint", strings.Join(words[:min(3, len(words))], " "))
	return len(p), nil
}
