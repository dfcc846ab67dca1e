package ftptest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// aptTime bounds one run of apt-get or dpkg-deb.
const aptTime = 3 * time.Minute

// unpackPackage downloads a Debian package and unpacks it below dir. Nothing
// is installed and no script of the package runs.
func unpackPackage(dir, name string) error {
	debs, err := os.MkdirTemp(dir, "deb")
	if err != nil {
		return err
	}
	defer os.RemoveAll(debs)
	if err := download(debs, name); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(debs, "*.deb"))
	if err != nil || len(files) != 1 {
		return fmt.Errorf("apt-get download %s left %q: %v", name, files, err)
	}
	return command(dir, "dpkg-deb", "-x", files[0], dir)
}

// download downloads a package. Where the package lists are missing or too old
// and may be fetched, they are, once.
func download(dir, name string) error {
	err := command(dir, "apt-get", "-qq", "download", name)
	if err == nil {
		return nil
	}
	if updateErr := aptUpdate(); updateErr != nil {
		return fmt.Errorf("%w; %w", err, updateErr)
	}
	return command(dir, "apt-get", "-qq", "download", name)
}

// aptUpdate fetches the package lists.
var aptUpdate = sync.OnceValue(func() error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("run: sudo apt-get update")
	}
	return command("/", "apt-get", "-qq", "update")
})

// command runs a program in dir with a deadline.
func command(dir, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), aptTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// unpackLibraries unpacks beside a program the shared libraries it misses, and
// those that these miss.
func unpackLibraries(dir, binary string) error {
	tried := map[string]bool{}
	for {
		missing, err := missingLibraries(binary)
		if err != nil || len(missing) == 0 {
			return err
		}
		for _, soname := range missing {
			if tried[soname] {
				return fmt.Errorf("%s misses the library %s", filepath.Base(binary), soname)
			}
			tried[soname] = true
			if err := unpackLibrary(dir, soname); err != nil {
				return err
			}
		}
	}
}

// missingLibraries returns the sonames that ldd does not find for a program.
func missingLibraries(binary string) ([]string, error) {
	cmd := exec.Command("ldd", binary)
	cmd.Env = append(os.Environ(), "LC_ALL=C", libraryPath(binary))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("ldd %s: %w: %s", binary, err, out)
	}
	var missing []string
	for line := range strings.Lines(string(out)) {
		if soname, _, ok := strings.Cut(strings.TrimSpace(line), " => not found"); ok {
			missing = append(missing, soname)
		}
	}
	return missing, nil
}

// sonamePattern takes libwrap.so.0 apart.
var sonamePattern = regexp.MustCompile(`^(.+)\.so\.([0-9.]+)$`)

// unpackLibrary unpacks the package of a shared library, which Debian Policy
// (section 8.1) names after the soname. Those with 64 bits of time have t64
// at the end.
func unpackLibrary(dir, soname string) error {
	m := sonamePattern.FindStringSubmatch(soname)
	if m == nil {
		return fmt.Errorf("no package name follows from the library name %s", soname)
	}
	name, version := strings.ToLower(m[1]), m[2]
	if last := name[len(name)-1]; last >= '0' && last <= '9' {
		name += "-"
	}
	err := unpackPackage(dir, name+version)
	if err != nil && unpackPackage(dir, name+version+"t64") == nil {
		return nil
	}
	return err
}

// libraryPath returns the environment variable that lets a program find the
// libraries that were unpacked beside it.
func libraryPath(binary string) string {
	root := binary
	for root != "/" && filepath.Base(root) != "usr" {
		root = filepath.Dir(root)
	}
	root = filepath.Dir(root)
	var dirs []string
	for _, lib := range []string{"usr/lib", "lib"} {
		found, err := filepath.Glob(filepath.Join(root, lib, "*-linux-*"))
		if err != nil {
			panic(err) // the pattern is constant
		}
		dirs = append(dirs, found...)
	}
	slices.Sort(dirs)
	return "LD_LIBRARY_PATH=" + strings.Join(dirs, ":")
}
