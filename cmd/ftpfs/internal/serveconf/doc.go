// Package serveconf reads the configuration of `ftpfs serve`: TOML
// (https://toml.io) with one [[user]] for each user, [anonymous] and [tftp],
// each with the folders that are served, and before them the settings that are
// flags of the command, by the flags' names.
//
// What is wrong is a [config.Problem], which knows its line. Nothing here opens
// what is to be served.
package serveconf
