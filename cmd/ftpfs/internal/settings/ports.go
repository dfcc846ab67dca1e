package settings

import (
	"errors"
	"strconv"
	"strings"
)

// ParsePorts reads a range of ports, LOWEST-HIGHEST, or one port. Its error says what
// to write.
func ParsePorts(s string) (lowest, highest int, err error) {
	a, b, ok := strings.Cut(s, "-")
	if !ok {
		b = a
	}
	lowest, errA := strconv.Atoi(strings.TrimSpace(a))
	highest, errB := strconv.Atoi(strings.TrimSpace(b))
	if errA != nil || errB != nil || lowest < 1 || highest > 65535 || lowest > highest {
		return 0, 0, errors.New("write two ports, such as 50000-50100")
	}
	return lowest, highest, nil
}
