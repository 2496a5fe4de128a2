package edge

import (
	"context"
	"encoding/json"
	"fmt"

	"kith/events/bus"
	"kith/services/internal/sqlite"
)

// Lost lists, in the order of the hub's log, the receipts in the outbox at path
// for positions after one: what a hub does not know any more that was restored
// to it. The outbox may be in use.
//
// With forget it also lets go of these answers. Until then a record that is
// handed in again gets the receipt it had and is not sent; after it, it is sent.
func Lost(ctx context.Context, path string, after uint64, forget bool) ([]bus.Receipt, error) {
	db, err := sqlite.Existing(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open the outbox: %w", err)
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, `SELECT answer FROM outbox WHERE answer ->> '$.receipt.position' > ? ORDER BY answer ->> '$.receipt.position'`, after)
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	var lost []bus.Receipt
	for rows.Next() {
		var text []byte
		var a bus.Answer
		err := rows.Scan(&text)
		if err == nil {
			err = json.Unmarshal(text, &a)
		}
		if err != nil || a.Receipt == nil {
			rows.Close()
			return nil, fmt.Errorf("an answer in the outbox is damaged")
		}
		lost = append(lost, *a.Receipt)
	}
	if err := rows.Err(); err != nil || !forget {
		return lost, err
	}
	_, err = db.ExecContext(ctx, `DELETE FROM outbox WHERE answer ->> '$.receipt.position' > ?`, after)
	return lost, err
}
