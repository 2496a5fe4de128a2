package events

import "log/slog"

// A person, what was said about one, and all that carries either print as
// "withheld", so that a careless log line or error text leaks nothing.

const withheld = "withheld"

func (Person) String() string   { return withheld }
func (Person) GoString() string { return withheld }
func (Report) String() string   { return withheld }
func (Report) GoString() string { return withheld }
func (Item) String() string     { return withheld }
func (Item) GoString() string   { return withheld }
func (Voice) String() string    { return withheld }
func (Voice) GoString() string  { return withheld }

func (Person) LogValue() slog.Value { return slog.StringValue(withheld) }
func (Report) LogValue() slog.Value { return slog.StringValue(withheld) }
func (Item) LogValue() slog.Value   { return slog.StringValue(withheld) }
func (Voice) LogValue() slog.Value  { return slog.StringValue(withheld) }
