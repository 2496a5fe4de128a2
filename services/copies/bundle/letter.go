package bundle

import (
	"slices"

	"kith/events"
)

// told is a service that shared something that is in the copy.
type told struct {
	who string
	why string
}

// tell notes for the letter who shared what is in the copy, and why. Of what is
// not in the copy it says nothing.
func (p *Prepared) tell(who string, k events.AgencyKind) {
	if !slices.ContainsFunc(p.told, func(t told) bool { return t.who == who }) {
		p.told = append(p.told, told{who, whyWords(k)})
	}
}

func whyWords(k events.AgencyKind) string {
	switch k {
	case events.KindPolice:
		return "The police must help to keep children safe."
	case events.KindHealth:
		return "Doctors and nurses must help to keep children safe."
	case events.KindEducation:
		return "Schools must help to keep children safe."
	case events.KindSocialCare:
		return "The council must help children who need support."
	}
	return "They work with children and families."
}

// Letter is the easy read letter that goes before the copy: short sentences, one
// idea each, under large headings.
type Letter struct {
	Recipient, Reference, Made string
	Parts                      []Part
}

// Part is a heading and what stands under it.
type Part struct {
	Heading string
	Lines   []string
	List    []string
}

// Letter writes it. It says only what the copy says.
func (b Bundle) Letter() Letter {
	l := Letter{Recipient: b.Recipient, Reference: b.Reference, Made: b.Made}
	l.part("What this is", b.whatItIs()...)
	shared := Part{Heading: "Who shared it", Lines: []string{"Different services help children and families.", "They told each other some things.", "They used a computer system called Kith.", "These services shared what is in your copy:"}}
	for _, t := range b.told {
		shared.List = append(shared.List, t.who+". "+t.why)
	}
	if len(b.told) == 0 {
		shared.Lines = []string{"There is nothing in your copy that a service shared."}
	}
	l.Parts = append(l.Parts, shared)
	l.part("Why they shared it", "Children have a right to be safe.", "The law lets services share things to keep children safe.",
		"They must only share what is needed.", "They do not always have to ask first.")
	l.part("What is in your copy", "Each part has a number.", "Each part says what happened.", "It says which day it was.", "It says who told us.")
	l.part("What may be left out", "We cannot tell you some things.", "Some things are about other people. They have rights too.",
		"Some things could hurt somebody if we told them.", "We check every copy in the same way.", "We do not say if something was left out of yours.")
	l.part("If something is wrong", "Tell us if a fact is not right.", "You can ask us to put it right.", "You can ask us to look again at your copy.",
		"Use this number when you write: "+b.Reference+".")
	l.part("If you are not happy", "You can complain to us.", "You can also complain to the Information Commissioner.", "Their website is ico.org.uk.", "You can ask a court as well.")
	l.part("Keep it safe", "This copy is for you.", "It has your name on every page.", "Think before you show it to anyone.", "It may have things in it that hurt to read.",
		"You can read it with somebody you trust.")
	return l
}

func (l *Letter) part(heading string, lines ...string) {
	l.Parts = append(l.Parts, Part{Heading: heading, Lines: lines})
}

func (b Bundle) whatItIs() []string {
	switch b.asked.Recipient.Kind {
	case events.RecipientChild:
		return []string{"You asked to see what we know about you.", "This is your copy."}
	case events.RecipientParent:
		return []string{"You asked to see what we know about your child.", "This is your copy."}
	}
	return []string{"The court told us to make a copy of what we know about a child.", "This is the copy."}
}
