package manage

import (
	"fmt"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/status"
)

// Report is what ftpfs status tells of one mount. Its JSON is an interface.
type Report struct {
	Mountpoint string `json:"mountpoint"`
	Source     string `json:"source"`
	PID        int    `json:"pid,omitempty"`
	// State: "mounted"; "ending": it is not in the mount table any more, or not
	// yet, and its process is at work; "silent": its process does not answer;
	// "dead": its process has died; "failed": it has ended, and not everything was
	// uploaded; "foreign": it is not for this user to ask.
	State   string `json:"state"`
	Problem string `json:"problem,omitempty"`
	Mend    string `json:"mend,omitempty"` // what can be done about it

	Status *status.Snapshot `json:"status,omitempty"`
}

// reportLines are reports for people, fit for a terminal, with a line between two.
func reportLines(reports []Report) (lines []string) {
	if len(reports) == 0 {
		return []string{"nothing is mounted"}
	}
	for i, r := range reports {
		if i > 0 {
			lines = append(lines, "")
		}
		if r.Status == nil {
			lines = append(lines, r.Mountpoint+"  "+r.Source)
		} else {
			lines = append(lines, r.Status.Text()...)
		}
		if r.Problem != "" {
			lines = append(lines, fmt.Sprintf("  %-12s %s", r.State, r.Problem), fmt.Sprintf("  %-12s %s", "to do", r.Mend))
		}
	}
	for i, line := range lines {
		lines[i] = say.Printable(line)
	}
	return lines
}

// code is that of a mount that is of no use; exit.OK of any other.
func (r Report) code() exit.Code {
	switch r.State {
	case "dead":
		return exit.NotMounted
	case "silent", "foreign":
		return exit.Failure
	case "failed":
		return exit.Uploads
	}
	return exit.OK
}
