// Package config reads the file that names servers and says how they are mounted.
// It is TOML (https://toml.io): one table [servers.NAME] for each server, and
// [defaults] for what holds for all of them. The keys are url, mountpoint and
// password, and the names of the flags that the caller has; _ counts as -.
//
// What is wrong is a *Problem, which knows its line and column. Nothing here
// waits for anything but the local disk, and nothing keeps state: a File is read
// once and may be used by several goroutines.
package config
