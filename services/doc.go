// Package services holds no code. It is the map of the folders below it, and
// arch_test.go is the law of what may import what.
//
// At an agency:
//
//	police health education socialcare   native record in, notices out; pure
//	internal/edge                        the outbox they share, and its doors
//
// At the hub, in the order an event meets them:
//
//	intake       is it theirs, does it fit, was it seen before? receipt or refusal
//	identity     which subjects are the same child; links that can be undone
//	childview    what is known about a child, now or as known at a moment
//	strategy     strategy discussions, what they decided, by when what must follow
//	disclosure   may this reader see this item for this purpose, and on what grounds
//	ledger       who looked, when, why
//
// Services never import one another; services/kith joins them. What they share
// is in internal; what a caller learns of an error is in fault.
package services
