package ftpclient

import (
	"fmt"
	"regexp"
	"strings"
)

// vmsDirectory is what OpenVMS servers answer to PWD.
var vmsDirectory = regexp.MustCompile(`^([A-Za-z0-9$_-]+:)\[([A-Za-z0-9$_.^-]+)\]$`)

// fromVMSDir is the path here of DISK:[DIR.SUB]: "/DISK:/DIR/SUB". The master
// directory, [000000], is "/DISK:".
func fromVMSDir(dir string) (string, bool) {
	m := vmsDirectory.FindStringSubmatch(dir)
	if m == nil {
		return "", false
	}
	names := strings.Split(m[2], ".")
	if names[0] == "000000" {
		names = names[1:]
	}
	for _, name := range names {
		if name == "" { // [DIR.][SUB], [DIR...]
			return "", false
		}
	}
	return strings.Join(append([]string{"/" + m[1]}, names...), "/"), true
}

// vmsPath is the path of elements as OpenVMS writes it (OpenVMS User's Manual,
// "Identifying and naming files"). A name without a version is the highest.
func vmsPath(verb string, elements []string) (string, error) {
	if len(elements) == 0 || !strings.HasSuffix(elements[0], ":") {
		return "", fmt.Errorf("%w: paths begin with a device, as /DISK:/DIR", errNoSuchCommand)
	}
	dirs, name := elements[1:], ""
	switch verb {
	case "CWD", "MKD", "RMD", "MLSD":
	case "SITE CHMOD", "SITE UTIME", "MFMT", "MFF", "APPE":
		return "", errNoSuchCommand
	default:
		if len(dirs) == 0 {
			return "", fmt.Errorf("%w: it is a device", errNoSuchCommand)
		}
		dirs, name = dirs[:len(dirs)-1], dirs[len(dirs)-1]
		if dots, err := checkVMSName(name); err != nil {
			return "", err
		} else if dots != 1 {
			return "", fmt.Errorf("a file's name on OpenVMS has exactly one dot, with ^ before any other")
		}
		if pathCommands[verb] && strings.EqualFold(name[max(0, len(name)-4):], ".DIR") {
			return "", fmt.Errorf("on OpenVMS a file with this name is a directory")
		}
	}
	for _, dir := range dirs {
		if dots, err := checkVMSName(dir); err != nil {
			return "", err
		} else if dots > 0 {
			return "", fmt.Errorf("a directory's name on OpenVMS has no dot")
		}
	}
	path := strings.Join(dirs, ".")
	if path == "" {
		path = "000000"
	}
	return elements[0] + "[" + path + "]" + name, nil
}

// checkVMSName refuses what means something else than a name, patterns above
// all, and counts the dots. ^ takes the next character its meaning.
func checkVMSName(name string) (dots int, err error) {
	for i := 0; i < len(name); i++ {
		switch b := name[i]; {
		case b == '^':
			i++
		case b == '.':
			dots++
		case b <= ' ', strings.IndexByte(`[]<>:;/"*%?,|\&`, b) >= 0:
			return 0, fmt.Errorf("%q cannot be in a name on OpenVMS", b)
		}
	}
	return dots, nil
}
