package gateway

var (
	categoryWords = words{
		"adoption":           "Adoption",
		"new-identity":       "A new identity",
		"witness-protection": "Witness protection",
		"staff-family":       "Family of a member of staff",
		"high-risk":          "High risk",
	}

	relationWords = words{
		"self":      "It is they themselves",
		"family":    "Family",
		"household": "Same household",
		"friend":    "Friend",
		"neighbour": "Neighbour",
		"other":     "Something else",
	}

	glassWords = words{
		"immediate-danger":  "A child is in immediate danger",
		"missing-child":     "A child is missing",
		"out-of-hours-duty": "On duty out of hours, for a child unknown to my agency",
		"other":             "Something else",
	}

	noticeWords = words{
		"conflict":    "Somebody asked for a child to whom they are related, and was shown nothing",
		"break-glass": "Emergency access",
	}

	foundWords = words{
		"justified":  "Justified",
		"not-needed": "There was another way",
		"misused":    "Misused",
	}
)
