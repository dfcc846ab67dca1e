package fusefs

import "strings"

// contained reports whether the target of the link at path link, relative to the
// mount's root, cannot lead out of the mount, whatever else is a link there: it is
// not absolute, and climbs from the link's directory no higher than to the root, and
// only before it descends, since what ".." after a name means is up to that name.
func contained(link, target string) bool {
	if strings.HasPrefix(target, "/") {
		return false
	}
	depth, climbing := strings.Count(link, "/"), true
	for name := range strings.SplitSeq(target, "/") {
		switch name {
		case "", ".":
		case "..":
			if depth--; !climbing || depth < 0 {
				return false
			}
		default:
			climbing = false
		}
	}
	return true
}
