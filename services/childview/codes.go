package childview

import "strings"

// The codes of the census of children in need in words, shortened from its guide.
// A code that is not among them is shown as it is.

// sourceWords is who referred or made contact.
func sourceWords(code string) string {
	switch code {
	case "1A":
		return "family member, relative or carer"
	case "1B":
		return "acquaintance"
	case "1C":
		return "the child"
	case "1D":
		return "another individual"
	case "2A":
		return "school"
	case "2B":
		return "education services"
	case "3A":
		return "GP"
	case "3B":
		return "health visitor"
	case "3C":
		return "school nurse"
	case "3D":
		return "other primary health services"
	case "3E":
		return "accident and emergency department"
	case "3F":
		return "other health services"
	case "4":
		return "housing"
	case "5A":
		return "social care of this authority"
	case "5B":
		return "another department of this authority"
	case "5C":
		return "another authority"
	case "5D":
		return "early help"
	case "6":
		return "police"
	case "7":
		return "other legal agency, such as a court or probation"
	case "8":
		return "other, such as a children’s centre or a voluntary organisation"
	case "9":
		return "anonymous"
	case "10":
		return "unknown"
	}
	return code
}

// needWords is the primary need.
func needWords(code string) string {
	switch code {
	case "N1":
		return "Abuse, neglect and exploitation"
	case "N2":
		return "Child’s disability"
	case "N3":
		return "Parental disability or illness"
	case "N4":
		return "Family in acute stress"
	case "N5":
		return "Family dysfunction"
	case "N6":
		return "Socially unacceptable behaviour"
	case "N7":
		return "Low income"
	case "N8":
		return "Absent parenting"
	case "N9":
		return "Cases other than children in need"
	case "N0":
		return "Not stated"
	}
	return code
}

// closureWords is why a case was closed.
func closureWords(code string) string {
	switch code {
	case "RC1":
		return "Adopted"
	case "RC2":
		return "Died"
	case "RC3":
		return "Child arrangements order"
	case "RC4":
		return "Special guardianship order"
	case "RC5":
		return "Transferred to another local authority"
	case "RC6":
		return "Transferred to adult social care"
	case "RC7":
		return "Services ceased for another reason"
	case "RC8":
		return "Closed after assessment, no further action"
	case "RC9":
		return "Closed after assessment, referred to early help"
	}
	return code
}

// participationWords is how a child took part in a review.
func participationWords(code string) string {
	switch code {
	case "PN0":
		return "Under four years old"
	case "PN1":
		return "Was there and spoke"
	case "PN2":
		return "Was there, and an advocate spoke"
	case "PN3":
		return "Was there, and told by signs or pictures"
	case "PN4":
		return "Was there and did not contribute"
	case "PN5":
		return "Was not there, and an advocate was briefed"
	case "PN6":
		return "Was not there, and told by other means"
	case "PN7":
		return "Was not there, and no views were conveyed"
	}
	return code
}

func factorWords(codes []string) string {
	words := make([]string, len(codes))
	for i, c := range codes {
		words[i] = factor(c)
	}
	return strings.Join(words, "; ")
}

// factor is something found at an assessment.
func factor(code string) string {
	switch code {
	case "1A":
		return "alcohol misuse by the child"
	case "1B":
		return "alcohol misuse by a parent or carer"
	case "1C":
		return "alcohol misuse by another in the household"
	case "2A":
		return "drug misuse by the child"
	case "2B":
		return "drug misuse by a parent or carer"
	case "2C":
		return "drug misuse by another in the household"
	case "3A":
		return "domestic abuse of the child"
	case "3B":
		return "domestic abuse of a parent or carer"
	case "3C":
		return "domestic abuse of another in the household"
	case "4A":
		return "mental health of the child"
	case "4B":
		return "mental health of a parent or carer"
	case "4C":
		return "mental health of another in the household"
	case "5A":
		return "learning disability of the child"
	case "5B":
		return "learning disability of a parent or carer"
	case "5C":
		return "learning disability of another in the household"
	case "6A":
		return "physical disability or illness of the child"
	case "6B":
		return "physical disability or illness of a parent or carer"
	case "6C":
		return "physical disability or illness of another in the household"
	case "7A":
		return "young carer"
	case "8B", "8C", "8D", "8E", "8F":
		return "privately fostered"
	case "9A":
		return "unaccompanied asylum-seeking child"
	case "10A":
		return "going missing"
	case "11A":
		return "child sexual exploitation"
	case "12A":
		return "trafficking"
	case "13A":
		return "gangs"
	case "14A":
		return "socially unacceptable behaviour"
	case "15A":
		return "self-harm"
	case "16A":
		return "neglect"
	case "17A":
		return "emotional abuse"
	case "18A":
		return "physical abuse"
	case "18B":
		return "physical abuse by a child"
	case "18C":
		return "physical abuse by an adult"
	case "19A":
		return "sexual abuse"
	case "19B":
		return "sexual abuse by a child"
	case "19C":
		return "sexual abuse by an adult"
	case "20":
		return "other"
	case "21":
		return "no factors identified"
	case "22A":
		return "female genital mutilation"
	case "23A":
		return "abuse linked to faith or belief"
	case "24A":
		return "child criminal exploitation"
	}
	return code
}
