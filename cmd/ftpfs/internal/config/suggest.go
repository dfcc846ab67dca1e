package config

import "strings"

// Nearest returns the name that text was most probably meant to be; "" if none
// is near.
func Nearest(text string, names []string) string {
	best, least := "", 1+max(1, len(text)/3)
	for _, name := range names {
		d := distance(text, name)
		if strings.HasPrefix(name, text) && len(text) >= 3 {
			d = 1
		}
		if d < least {
			best, least = name, d
		}
	}
	return best
}

// meant is a suggestion as the end of a message.
func meant(text string, names []string) string {
	if name := Nearest(text, names); name != "" {
		return ": did you mean " + name + "?"
	}
	return ""
}

// distance is how many octets have to be inserted, removed or replaced to make
// one text of another (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			before, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, before+cost)
		}
	}
	return row[len(b)]
}
