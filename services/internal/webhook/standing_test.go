package webhook

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kith/events"
)

// Whatever a receiver answers and however long the hub is away in between: no
// message is passed over, the receiver is left alone for as long as it asked, and
// it is disabled at 410, or after days with nothing but failures and not before.
// A standing that was written and read again goes on alike.
func TestStanding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
		var s Standing
		var first time.Time
		tries := 0
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			now = s.nextAfter(now).Add(time.Duration(rapid.Int64Range(0, int64(90*time.Minute)).Draw(t, "away")))
			before := s
			o := Outcome{Code: rapid.SampledFrom([]Code{Refused, Refused, Refused, Timeout, Unreachable, Delivered, Gone}).Draw(t, "code")}
			if rapid.IntRange(0, 9).Draw(t, "asks") == 0 {
				o.After = time.Duration(rapid.Int64Range(0, int64(longestPlea)).Draw(t, "after"))
			}
			if tries > 20 && o.Code != Refused && rapid.IntRange(0, 20).Draw(t, "stays") != 0 {
				o.Code = Refused // long failures do come
			}
			if o.Code == Delivered {
				s, tries = s.Succeeded(events.Told{Seq: s.Delivered + 1}, o, now), 0
				if s.Delivered != before.Delivered+1 || s.Failures != 0 || s.nextAfter(now) != now {
					t.Fatalf("%+v after %+v", s, before)
				}
				continue
			}
			if tries++; tries == 1 {
				first = now
			}
			s = s.Failed(o, now, Wait(s.Failures+1, rapid.Float64Range(0, 0.99).Draw(t, "chance")))
			if s.Delivered != before.Delivered || s.Next.Sub(now) < o.After || s.Next.Sub(now) > longestPlea {
				t.Fatalf("%+v after %+v", s, before)
			}
			if want := o.Code == Gone || tries >= Enough && now.Sub(first) >= GiveUp; (s.Disabled != nil) != want {
				t.Fatalf("disabled %+v after %d failures in %s, the last %s", s.Disabled, tries, now.Sub(first), o.Code)
			}
			var again Standing
			if b, err := json.Marshal(s); err != nil || json.Unmarshal(b, &again) != nil {
				t.Fatal(err)
			}
			if again.Last.After = s.Last.After; !reflect.DeepEqual(again, s) {
				t.Fatalf("%+v became %+v", s, again)
			}
			if s.Disabled != nil {
				if s = s.Enabled(); s.Disabled != nil || s.Delivered != before.Delivered {
					t.Fatalf("%+v", s)
				}
				tries = 0
			}
		}
	})
	s := Standing{Delivered: 7}.Stopped(time.Unix(5, 0)).Stopped(time.Unix(9, 0))
	if s.Disabled.Why != events.WebhookStopped || s.Disabled.At.Unix() != 5 || s.Delivered != 7 {
		t.Errorf("%+v", s)
	}
}
