// Package interop holds the tests of the whole against real servers: the
// client alone, and the program mounted, used by shells.
package interop
