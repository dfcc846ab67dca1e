package status

import (
	"fmt"
	"strings"
	"time"
)

// Size is a number of octets for people; -1 is one that is not known.
func Size(n int64) string {
	if n < 0 {
		return "?"
	}
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n), 0
	for f >= 1023.95 && unit < 5 {
		f, unit = f/1024, unit+1
	}
	if f < 10 {
		return fmt.Sprintf("%.1f %ciB", f, "KMGTP"[unit-1])
	}
	return fmt.Sprintf("%.0f %ciB", f, "KMGTP"[unit-1])
}

// Rate is octets a second for people.
func Rate(f float64) string { return Size(int64(f)) + "/s" }

// Percent is a share for people. All is only what is all.
func Percent(f float64) string {
	if f > 0.99 && f < 1 {
		return fmt.Sprintf("%.1f%%", min(100*f, 99.9))
	}
	return fmt.Sprintf("%.0f%%", 100*f)
}

// Latency is seconds for people, with two digits or so.
func Latency(seconds float64) string {
	d := time.Duration(seconds * 1e9)
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%.0f us", seconds*1e6)
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", seconds*1e3)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", seconds*1e3)
	}
	return fmt.Sprintf("%.1f s", seconds)
}

// Duration is how long something has lasted, in its two largest units.
func Duration(d time.Duration) string {
	s := max(0, int64(d/time.Second))
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	}
	return fmt.Sprintf("%dd%02dh", s/86400, s/3600%24)
}

// Bar is a share as a bar of so many characters.
func Bar(share float64, width int) string {
	n := min(width, max(0, int(share*float64(width)+0.5)))
	return "[" + strings.Repeat("#", n) + strings.Repeat(".", width-n) + "]"
}

// Count is a number of things for people.
func Count[N int | int64](n N, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
