package ftpclient

import (
	"strings"
	"time"
)

// jesRows reads the jobs that z/OS lists after SITE FILETYPE=JES, in both
// interface levels:
//
//	IBMUSER1  JOB01906  OUTPUT    3 Spool Files
//	JOBNAME  JOBID    OWNER    STATUS CLASS
//	IBMUSER2 JOB01906 IBMUSER  OUTPUT A        RC=0000 3 spool files
//
// The name is the job's number, which is what RETR and DELE take; names of
// jobs are not unique. There is neither size nor time. Source: the listings of
// Apache Commons Net.
func jesRows([]string, time.Time) rowParser {
	return func(line string) (Entry, verdict) {
		words := strings.Fields(line)
		switch {
		case len(words) < 3:
			return Entry{}, notRow
		case words[0] == "JOBNAME" && words[1] == "JOBID":
			return Entry{}, noEntry
		case !isJob(words[1]):
			return Entry{}, notRow
		}
		e := Entry{Name: words[1], Type: TypeFile, Size: -1}
		switch {
		case isJobStatus(words[2]):
			return e, aRow
		case len(words) > 3 && isJobStatus(words[3]):
			e.Owner = words[2]
			return e, aRow
		}
		return Entry{}, notRow
	}
}

// isJob recognises the number of a batch job, a TSO user or a started task.
func isJob(s string) bool {
	digits := strings.TrimLeft(s, "JOBTSUC")
	switch strings.TrimSuffix(s, digits) {
	case "JOB", "TSU", "STC", "J", "T", "S":
		return len(s) >= 5 && len(s) <= 8 && strings.Trim(digits, "0123456789") == ""
	}
	return false
}

func isJobStatus(s string) bool {
	return s == "INPUT" || s == "HELD" || s == "ACTIVE" || s == "OUTPUT"
}
