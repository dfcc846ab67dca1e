package settings

import "path/filepath"

// Absolute makes a path absolute, for the process in the background lives in /; none
// stays none.
func Absolute(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	return filepath.Abs(name)
}
