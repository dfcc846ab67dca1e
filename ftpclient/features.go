package ftpclient

// Features is what is known of a server: what FEAT said and what its replies
// taught. It is a snapshot.
type Features struct {
	Greeting string
	System   string   // reply to SYST, if it was asked
	Home     string   // the directory after login
	Feat     []string // the lines of FEAT, trimmed

	MLST bool // MLST and MLSD
	UTF8 bool

	// What was learned. Zero means not tried yet.
	EPSV, Size, MDTM, Rest, MFMT, MDTMSet, SiteUtime, SiteChmod, SiteSymlink, ListAll, Pipelining Support

	Connections int // the most the server was seen to allow; 0 if no limit was met
}

// Support is a learned yes or no.
type Support uint8

const (
	Untried Support = iota
	Yes
	No
)
