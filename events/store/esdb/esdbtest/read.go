package esdbtest

import (
	"slices"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

type answers = streams.Streams_ReadServer

// Read is the protocol's: of a stream, of $all, or a subscription to $all.
func (s *Server) Read(req *streams.ReadReq, out answers) error {
	o := req.GetOptions()
	if s.surprise() {
		err := out.Send(&streams.ReadResp{Content: &streams.ReadResp_FirstStreamPosition{FirstStreamPosition: 0}})
		if err != nil {
			return err
		}
	}
	switch {
	case o.GetSubscription() != nil && o.GetAll() != nil:
		return s.subscribe(o, out)
	case o.GetAll() != nil:
		return s.readAll(o, out)
	default:
		return s.readStream(o, out)
	}
}

func (s *Server) readStream(o *streams.ReadReq_Options, out answers) error {
	id := o.GetStream().GetStreamIdentifier()
	s.mu.Lock()
	rs := slices.Clone(s.streams[string(id.GetStreamName())])
	s.mu.Unlock()
	if len(rs) == 0 {
		return out.Send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{
			StreamNotFound: &streams.ReadResp_StreamNotFound{StreamIdentifier: id}}})
	}
	backwards := o.GetReadDirection() == streams.ReadReq_Options_Backwards
	if r, ok := o.GetStream().GetRevisionOption().(*streams.ReadReq_Options_StreamOptions_Revision); ok {
		n := min(r.Revision, uint64(len(rs)))
		if backwards {
			rs = rs[:min(n+1, uint64(len(rs)))]
		} else {
			rs = rs[n:]
		}
	}
	return send(rs, backwards, o.GetCount(), out)
}

func (s *Server) readAll(o *streams.ReadReq_Options, out answers) error {
	s.mu.Lock()
	rs := slices.Clone(s.all)
	s.mu.Unlock()
	backwards := o.GetReadDirection() == streams.ReadReq_Options_Backwards
	if p := o.GetAll().GetPosition(); p != nil {
		i, found := after(rs, p.GetCommitPosition())
		if backwards {
			rs = rs[:i]
		} else {
			if found {
				i-- // reads begin at the position, subscriptions after it
			}
			rs = rs[i:]
		}
	}
	return send(rs, backwards, o.GetCount(), out)
}

// after is the index of the first event that lies after p, and whether one lies at p.
func after(rs []*record, p uint64) (int, bool) {
	i, found := slices.BinarySearchFunc(rs, p, func(r *record, p uint64) int {
		switch {
		case r.position < p:
			return -1
		case r.position > p:
			return 1
		}
		return 0
	})
	if found {
		i++
	}
	return i, found
}

func send(rs []*record, backwards bool, count uint64, out answers) error {
	if backwards {
		slices.Reverse(rs)
	}
	for _, r := range rs[:min(count, uint64(len(rs)))] {
		if err := out.Send(frame(r)); err != nil {
			return err
		}
	}
	return nil
}

func frame(r *record) *streams.ReadResp {
	most, least := int64(0), int64(0)
	for i := range 8 {
		most, least = most<<8|int64(r.id[i]), least<<8|int64(r.id[8+i])
	}
	return &streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{
		Event: &streams.ReadResp_ReadEvent_RecordedEvent{
			Id: &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
				MostSignificantBits: most, LeastSignificantBits: least}}},
			StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(r.stream)},
			StreamRevision:   r.number, PreparePosition: r.position, CommitPosition: r.position,
			Metadata: r.system, CustomMetadata: r.metadata, Data: r.data,
		},
		Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: r.position},
	}}}
}

// subscribe sends what passes the filter, a checkpoint for every so many events
// that were searched, and says when it caught up; then it waits for more.
func (s *Server) subscribe(o *streams.ReadReq_Options, out answers) error {
	s.mu.Lock()
	drop, from := s.faults.drop, 0
	switch p := o.GetAll().GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_Position:
		from, _ = after(s.all, p.Position.GetCommitPosition())
	case *streams.ReadReq_Options_AllOptions_End:
		from = len(s.all)
	}
	s.counts.subscriptions++
	s.mu.Unlock()
	err := out.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{
		Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: "test"}}})
	window := int(max(1, o.GetFilter().GetMax()) * max(1, o.GetFilter().GetCheckpointIntervalMultiplier()))
	for searched := 0; err == nil; {
		s.mu.Lock()
		rs, moved := s.all[from:], s.moved
		s.mu.Unlock()
		for _, r := range rs {
			select {
			case <-drop:
				return s.dropped(out)
			default:
			}
			if passes(o, r) {
				err = out.Send(frame(r))
			}
			if searched++; err == nil && searched%window == 0 {
				err = out.Send(&streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{Checkpoint: &streams.ReadResp_Checkpoint{
					CommitPosition: r.position, PreparePosition: r.position}}})
			}
			if err != nil {
				return err
			}
		}
		from += len(rs)
		if err = out.Send(&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}}); err != nil {
			return err
		}
		select {
		case <-moved:
		case <-drop:
			return s.dropped(out)
		case <-out.Context().Done():
			return out.Context().Err()
		}
	}
	return err
}

func (s *Server) dropped(out answers) error {
	out.SetTrailer(metadata.Pairs("exception", "dropped"))
	return status.Error(codes.Aborted, "subscription dropped")
}

func passes(o *streams.ReadReq_Options, r *record) bool {
	prefixes := o.GetFilter().GetStreamIdentifier().GetPrefix()
	return len(prefixes) == 0 || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(r.stream, p) })
}
