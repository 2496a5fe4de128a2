package events

// Recall is an event of an agency's recall stream: what the hub has to tell it: that an
// item they were shown does not stand any more. Only services/notices writes it.
//
//sumtype:decl
type Recall interface {
	Event
	recall()
}

// ItemRecalled: somebody of an agency was shown an item that its own agency
// corrected or withdrew. That agency is told, once for each item.
type ItemRecalled struct {
	Item      ItemID   `json:"item"`
	Reader    AgencyID `json:"reader"`          // whose people were shown it
	Child     ChildID  `json:"child,omitempty"` // about whom they read; none if it was a list
	Withdrawn bool     `json:"withdrawn"`       // or else corrected
}

func (ItemRecalled) Type() Type { return "uk.kith.notices.item-recalled.v1" }
func (ItemRecalled) event()     {}
func (ItemRecalled) recall()    {}
