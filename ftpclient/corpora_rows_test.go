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

func always(corpusRow) bool { return true }

// but restricts a part to the rows whose names have none of these.
func but(wants func(corpusRow) bool, ids ...string) func(corpusRow) bool {
	return func(c corpusRow) bool { return wants(c) && !containsAny(c.ID, ids) }
}

// onlyIDs restricts a part to the rows whose names have one of these.
func onlyIDs(wants func(corpusRow) bool, ids ...string) func(corpusRow) bool {
	return func(c corpusRow) bool { return wants(c) && containsAny(c.ID, ids) }
}

const (
	pdsHeading     = " Name     VV.MM   Created       Changed      Size  Init   Mod   Id"
	nonStopHeading = "File         Code             EOF  Last Modification    Owner  RWEP"
)

func TestRowsOfCommonsNet(t *testing.T) {
	for name, s := range map[string]rowSet{
		"Unix": {wants: ofParser("Unix"), contradicted: map[string]string{
			"commons-UnixFTPEntryParserTest-badsamples-8": "a link count that runs into the owner hides nothing that is needed",
			"commons-UnixFTPEntryParserTest-badsamples-9": "ISO dates belong to another parser there, to this one here",
		}},
		"NT": {wants: ofParser("NT"), dialect: "DOS", contradicted: map[string]string{
			"commons-NTFTPEntryParserTest-badsamples-90": "IIS prints day and month in the order of its locale; a hidden file is worse",
		}},
		"NetWare": {wants: ofParser("Netware"), dialect: "NetWare"},
		"VMS": {wants: ofParser("VMS"), dialect: "VMS", unsized: true, contradicted: map[string]string{
			"commons-VMSFTPEntryParserTest-BAD_SAMPLES-108":                "what follows date and time may be anything",
			"commons-VMSFTPEntryParserTest-BAD_SAMPLES-109":                "as 108",
			"commons-VMSFTPEntryParserTest-BAD_SAMPLES-110":                "as 108",
			"commons-VMSFTPEntryParserTest-BAD_SAMPLES-111":                "a month in a language that is not known makes the time unknown, not the file: FluentFTP has one",
			"commons-VMSFTPEntryParserTest-testParseFieldsOnDirectory-131": "paths do not take .DIR: Chromium and FluentFTP strip it",
			"commons-VMSFTPEntryParserTest-testParseFieldsOnDirectory-132": "as 131",
		}},
		"data sets": {wants: but(ofParser("MVS"), "Member", "-172", "-173")},
		"members":   {wants: onlyIDs(ofParser("MVS"), "Member", "-172", "-173"), before: []string{pdsHeading}},
		"OS400":     {wants: ofParser("OS400"), dialect: "OS/400"},
		"OS2":       {wants: ofParser("OS2"), dialect: "OS/2"},
		"mailboxes": {wants: ofParser("EnterpriseUnix"), dialect: "Connect:Enterprise"},
		"MacOS": {wants: ofParser("MacOsPeter"), dialect: "MacOS", contradicted: map[string]string{
			"commons-MacOsPeterFTPEntryParserTest-testParseFieldsOnFile-276": "the size of both forks is not what RETR sends: unknown",
		}},
		"MLSx": {wants: ofParser("MLSx"), contradicted: map[string]string{
			"commons-MLSxEntryParserTest-badsamples-290": "servers of the drafts leave the last semicolon out; a hidden file is worse",
			"commons-MLSxEntryParserTest-badsamples-291": "as 290",
			"commons-MLSxEntryParserTest-badsamples-293": "a bad time makes the time unknown, not the file",
			"commons-MLSxEntryParserTest-badsamples-295": "as 293",
		}},
	} {
		s.file = "commons-net/cases.jsonl"
		t.Run(name, s.run)
	}
}

func TestRowsOfFluentFTP(t *testing.T) {
	const member = "a member of a *FILE of the listing is listed in that, not here"
	const file = "a *FILE that is no save file is a directory of members"
	for name, s := range map[string]rowSet{
		"Unix": {wants: ofParser("Unix"), contradicted: map[string]string{
			"fluent-Unix-62": "the size of both forks is not what RETR sends: unknown",
			"fluent-Unix-63": "the number of a folder on Mac OS counts what is in it",
		}},
		"IIS":       {wants: ofParser("WindowsIIS")},
		"VMS":       {wants: ofParser("OpenVMS"), unsized: true},
		"NonStop":   {wants: ofParser("NonStop"), before: []string{nonStopHeading}},
		"HFS":       {wants: ofParser("IBMzOSMVS_HFS")},
		"data sets": {wants: ofParser("IBMzOSMVS_PSPO"), unsized: true},
		"members":   {wants: ofParser("IBMzOSMVS_Member", "IBMzOSMVS_MemberU"), unsized: true},
		"OS400": {
			wants: ofParser("IBMOS400"), now: "2024-01-01T00:00:00Z", before: []string{
				"CFT             36864 28/11/15 15:19:30 *FILE BEFORE.FILE", // tells the order of day and month
			},
			contradicted: map[string]string{
				"fluent-IBMOS400-121": file,
				"fluent-IBMOS400-122": member,
				"fluent-IBMOS400-123": file,
				"fluent-IBMOS400-124": member,
				"fluent-IBMOS400-125": file,
				"fluent-IBMOS400-126": member,
				"fluent-IBMOS400-127": file,
				"fluent-IBMOS400-128": member,
			},
		},
		"Machine": {wants: ofParser("Machine"), contradicted: map[string]string{
			"fluent-Machine-4":  "links are entries here",
			"fluent-Machine-17": "links are entries here",
			"fluent-Machine-18": "devices are entries here",
			"fluent-Machine-19": "devices are entries here",
		}},
	} {
		s.file = "fluentftp/cases.jsonl"
		t.Run(name, s.run)
	}
}

func TestRowsOfJlaffaye(t *testing.T) {
	const ahead = "a date that is more than a day ahead is one of last year; they allow half a year"
	const netWare = "NetWare is a dialect here, as it is in Chromium and Apache Commons Net"
	rowSet{file: "jlaffaye-ftp/cases.jsonl", wants: always, contradicted: map[string]string{
		"jlaffaye-6":          ahead,
		"jlaffaye-7":          ahead,
		"jlaffaye-9":          ahead,
		"jlaffaye-26":         ahead,
		"jlaffaye-settime-38": ahead,
		"jlaffaye-29":         netWare,
		"jlaffaye-30":         netWare,
	}}.run(t)
}

func TestRowsOfNodeFTP(t *testing.T) {
	rowSet{file: "node-ftp/cases.jsonl", wants: always}.run(t)
}

func TestRowsOfFtputil(t *testing.T) {
	const group = "a single name between links and size is taken for the owner"
	rowSet{file: "ftputil/cases.jsonl", wants: always, contradicted: map[string]string{
		"ftputil-test_valid_unix_lines-1":        "only a row of type l has a target; a directory may be named so",
		"ftputil-test_alternative_unix_format-6": "as valid_unix_lines-1",
		"ftputil-test_alternative_unix_format-7": group,
		"ftputil-test_alternative_unix_format-8": group,
		"ftputil-test_alternative_unix_format-9": group,
		"ftputil-test_invalid_unix_lines-21":     "basic-ftp has a server that prints eight permission letters",
		"ftputil-test_invalid_unix_lines-24":     "an arrow in a name or target is no reason to hide it",
		"ftputil-test_invalid_ms_lines-35":       "Windows CE prints 24 hours without AM and PM",
	}}.run(t)
}
