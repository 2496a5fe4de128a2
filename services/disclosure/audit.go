package disclosure

import (
	"context"
	"fmt"

	"kith/events"
	"kith/services/fault"
)

// Audited hands governance what the ledger says of one child: "who-looked", or
// "release" for what may be told to a family. To look into the ledger is a read
// like another, and recorded before its answer. There is the same answer, an
// empty one, for a child of whom nobody asked and for one that does not exist;
// such a question is recorded under no child.
func Audited[T any](ctx context.Context, g *Gate, r events.Reader, child events.ChildID, what string,
	entries func(context.Context, events.ChildID) ([]T, error)) (Disclosed[[]T], error) {
	var none Disclosed[[]T]
	if err := signed(r); err != nil {
		return none, err
	}
	if r.Role != events.RoleGovernance {
		return none, fault.New(fault.Refused, "Who looked is for information governance.")
	}
	es, err := entries(ctx, child)
	if err != nil {
		return none, fmt.Errorf("entries about a child: %w", err)
	}
	rd := g.reading(r, events.PurposeAudit, what, events.Picture{}, standing{})
	if what == "release" {
		rd.entry.Purpose = events.PurposeSubjectAccess
	}
	if len(es) > 0 {
		rd.entry.Child = child
	}
	if err := g.record(ctx, rd); err != nil {
		return none, err
	}
	return disclose(es), nil
}
