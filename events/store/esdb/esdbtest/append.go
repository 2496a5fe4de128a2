package esdbtest

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// maxMessage and maxAppend are what a real server takes when MaxAppendSize is
// set as high as it goes; its default is 1 MiB for all events of an append.
const (
	maxMessage = 17 << 20
	maxAppend  = 16_000_000
)

// record is an event as it lies in the store.
type record struct {
	stream   string
	number   uint64 // in its stream, from 0
	position uint64 // in $all
	id       uuid.UUID
	system   map[string]string
	metadata []byte
	data     []byte
}

// GetSupportedMethods says which server this claims to be.
func (s *Server) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	return &serverfeatures.SupportedMethods{EventStoreServerVersion: "24.6.0"}, nil
}

// Append is the protocol's.
func (s *Server) Append(in appends) error {
	f := s.next()
	first, err := in.Recv()
	if err != nil {
		return err
	}
	o := first.GetOptions()
	if f.refuse != nil {
		return f.refuse(in)
	}
	var proposed []*streams.AppendReq_ProposedMessage
	size, most := 0, s.limit()
	for {
		m, err := in.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		p := m.GetProposedMessage()
		if size += len(p.GetData()) + len(p.GetCustomMetadata()); size > most {
			in.SetTrailer(metadata.Pairs("exception", "maximum-append-size-exceeded"))
			return status.Error(codes.InvalidArgument, "maximum append size exceeded")
		}
		proposed = append(proposed, p)
	}
	resp := s.append(string(o.GetStreamIdentifier().GetStreamName()), o, proposed)
	if f.lose {
		return status.Error(codes.Unavailable, "the answer is lost")
	}
	if f.cut {
		go s.Down()
		<-in.Context().Done()
		return status.Error(codes.Unavailable, "cut")
	}
	return in.SendAndClose(resp)
}

func (s *Server) append(stream string, o *streams.AppendReq_Options, proposed []*streams.AppendReq_ProposedMessage) *streams.AppendResp {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.appends++
	rs := s.streams[stream]
	switch s.judge(rs, o, proposed) {
	case wrong:
		return wrongExpectedVersion(o, len(rs))
	case repeated:
		rs = rs[:expected(o, len(rs))+len(proposed)]
	case fresh:
		rs = s.add(stream, rs, proposed)
	}
	last := rs[len(rs)-1]
	return &streams.AppendResp{Result: &streams.AppendResp_Success_{Success: &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_CurrentRevision{CurrentRevision: last.number},
		PositionOption: &streams.AppendResp_Success_Position{Position: &streams.AppendResp_Position{
			CommitPosition: last.position, PreparePosition: last.position}},
	}}}
}

type verdict int

const (
	fresh verdict = iota
	repeated
	wrong
)

// expected is how many events the stream has if it is as o expects.
func expected(o *streams.AppendReq_Options, have int) int {
	switch e := o.GetExpectedStreamRevision().(type) {
	case *streams.AppendReq_Options_Revision:
		return int(e.Revision) + 1
	case *streams.AppendReq_Options_NoStream:
		return 0
	default:
		return have
	}
}

// judge knows a repeat by the ids that lie where the append would have put them.
func (s *Server) judge(rs []*record, o *streams.AppendReq_Options, proposed []*streams.AppendReq_ProposedMessage) verdict {
	if o.GetStreamExists() != nil && len(rs) == 0 {
		return wrong
	}
	want := expected(o, len(rs))
	switch {
	case want == len(rs):
		return fresh
	case want > len(rs):
		return wrong
	}
	for i, p := range proposed {
		if want+i >= len(rs) || rs[want+i].id != identity(p.GetId()) {
			return wrong
		}
	}
	return repeated
}

func (s *Server) add(stream string, rs []*record, proposed []*streams.AppendReq_ProposedMessage) []*record {
	if now := time.Now(); now.After(s.at) {
		s.at = now
	}
	for _, p := range proposed {
		r := &record{stream: stream, number: uint64(len(rs)), position: s.end, id: identity(p.GetId()),
			metadata: p.GetCustomMetadata(), data: p.GetData(), system: map[string]string{
				"type": p.GetMetadata()["type"], "content-type": p.GetMetadata()["content-type"],
				"created": strconv.FormatInt(s.at.UnixNano()/100, 10),
			}}
		s.end += 150 + uint64(len(r.data)+len(r.metadata)) // a position is an offset in a file
		rs = append(rs, r)
		s.all = append(s.all, r)
	}
	s.streams[stream] = rs
	close(s.moved)
	s.moved = make(chan struct{})
	return rs
}

func identity(id *shared.UUID) uuid.UUID {
	var u uuid.UUID
	for i := range 8 {
		u[i] = byte(id.GetStructured().GetMostSignificantBits() >> (56 - 8*i))
		u[8+i] = byte(id.GetStructured().GetLeastSignificantBits() >> (56 - 8*i))
	}
	return u
}

func wrongExpectedVersion(o *streams.AppendReq_Options, have int) *streams.AppendResp {
	w := &streams.AppendResp_WrongExpectedVersion{}
	if have == 0 {
		w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &shared.Empty{}}
	} else {
		w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: uint64(have - 1)}
	}
	switch e := o.GetExpectedStreamRevision().(type) {
	case *streams.AppendReq_Options_Revision:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: e.Revision}
	case *streams.AppendReq_Options_NoStream:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &shared.Empty{}}
	case *streams.AppendReq_Options_StreamExists:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &shared.Empty{}}
	}
	return &streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: w}}
}
