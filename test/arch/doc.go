// Package arch holds the tests of the architecture: who may import whom, and
// what no file may do.
package arch
