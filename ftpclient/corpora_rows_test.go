package ftpclient

import (
	"strings"
	"testing"
)

func ofParser(names ...string) func(corpusRow) bool {
	return func(c corpusRow) bool {
		for _, n := range names {
			if strings.EqualFold(n, c.Parser) && !c.Wrong && string(c.Expect) != `"unknown"` {
				return true
			}
		}
		return false
	}
}

func TestRowsOfCommonsNet(t *testing.T) {
	runRows(t, "commons-net/cases.jsonl", ofParser("Unix", "NT"), map[string]string{
		"commons-UnixFTPEntryParserTest-badsamples-8":                 "a link count that runs into the owner hides nothing that is needed",
		"commons-UnixFTPEntryParserTest-badsamples-9":                 "ISO dates belong to another parser there, to this one here",
		"commons-NTFTPEntryParserTest-testParseFieldsOnDirectory-99":  "the size of a directory is not told: -1, not 0",
		"commons-NTFTPEntryParserTest-testParseFieldsOnDirectory-100": "the size of a directory is not told: -1, not 0",
	})
}

func TestFactsOfCommonsNet(t *testing.T) {
	runRows(t, "commons-net/cases.jsonl", ofParser("MLSx"), map[string]string{
		"commons-MLSxEntryParserTest-badsamples-290": "servers of the drafts leave the last semicolon out; a hidden file is worse",
		"commons-MLSxEntryParserTest-badsamples-291": "as 290",
		"commons-MLSxEntryParserTest-badsamples-293": "a bad time makes the time unknown, not the file",
		"commons-MLSxEntryParserTest-badsamples-295": "as 293",
	})
}

func TestRowsOfFluentFTP(t *testing.T) {
	runRows(t, "fluentftp/cases.jsonl", ofParser("Unix", "IIS"), map[string]string{})
}

func TestFactsOfFluentFTP(t *testing.T) {
	runRows(t, "fluentftp/cases.jsonl", ofParser("Machine"), map[string]string{
		"fluent-Machine-4":  "links are entries here",
		"fluent-Machine-17": "links are entries here",
		"fluent-Machine-18": "devices are entries here",
		"fluent-Machine-19": "devices are entries here",
	})
}

func TestRowsOfJlaffaye(t *testing.T) {
	runRows(t, "jlaffaye-ftp/cases.jsonl", func(corpusRow) bool { return true }, map[string]string{
		"jlaffaye-6":          "a date that is more than a day ahead is one of last year; they allow half a year",
		"jlaffaye-7":          "a date that is more than a day ahead is one of last year; they allow half a year",
		"jlaffaye-9":          "a date that is more than a day ahead is one of last year; they allow half a year",
		"jlaffaye-26":         "a date that is more than a day ahead is one of last year; they allow half a year",
		"jlaffaye-settime-38": "a date that is more than a day ahead is one of last year; they allow half a year",
	})
}

func TestRowsOfNodeFTP(t *testing.T) {
	runRows(t, "node-ftp/cases.jsonl", func(corpusRow) bool { return true }, map[string]string{})
}

func TestRowsOfFtputil(t *testing.T) {
	runRows(t, "ftputil/cases.jsonl", func(corpusRow) bool { return true }, map[string]string{
		"ftputil-test_valid_unix_lines-1":        "only a row of type l has a target; a directory may be named so",
		"ftputil-test_alternative_unix_format-6": "as valid_unix_lines-1",
		"ftputil-test_alternative_unix_format-7": "a single name between links and size is taken for the owner",
		"ftputil-test_alternative_unix_format-8": "as 7",
		"ftputil-test_alternative_unix_format-9": "as 7",
		"ftputil-test_invalid_unix_lines-21":     "basic-ftp has a server that prints eight permission letters",
		"ftputil-test_invalid_unix_lines-24":     "an arrow in a name or target is no reason to hide it",
		"ftputil-test_invalid_ms_lines-35":       "Windows CE prints 24 hours without AM and PM",
	})
}
