package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

func (p *prober) tryAppend(ctx context.Context) error {
	path, err := p.file(ctx, "append")
	if err != nil {
		return err
	}
	if err = p.store(ctx, path, "abc", StoreOptions{Append: true}); err != nil {
		return p.missing(factAppend, err)
	}
	content, err := p.read(ctx, path, 0)
	if err != nil {
		return err
	}
	evidence := fmt.Sprintf("APPE of 3 octets to a file of 10, then RETR: %s", quote(clip(content)))
	p.c.srv.learn(factAppend, yesIf(content == sampleText+"abc"), evidence)
	return nil
}

func yesIf(yes bool) Support {
	if yes {
		return Yes
	}
	return No
}

func (p *prober) tryRestStore(ctx context.Context) error {
	path, err := p.file(ctx, "restart")
	if err != nil {
		return err
	}
	if p.c.srv.support(factRest) == No {
		p.c.srv.learn(factRestStore, No, "there is no REST")
		p.c.srv.learn(factRestTail, No, "there is no REST")
		return nil
	}
	if err = p.store(ctx, path, "ab", StoreOptions{Offset: 3}); err != nil {
		return p.missing(factRestStore, err)
	}
	content, err := p.read(ctx, path, 0)
	if err != nil {
		return err
	}
	evidence := fmt.Sprintf("REST 3 and STOR of 2 octets to a file of 10, then RETR: %s", quote(clip(content)))
	p.c.srv.learn(factRestStore, yesIf(strings.HasPrefix(content, "012ab")), evidence)
	p.c.srv.learn(factRestTail, yesIf(content == "012ab56789"), evidence)
	return nil
}

func (p *prober) tryPastEnd(ctx context.Context) error {
	if p.c.srv.support(factRestStore) == No {
		p.found(valuePastEnd, "refused", "STOR after REST does not work at all")
		return nil
	}
	path, err := p.file(ctx, "past")
	if err != nil {
		return err
	}
	if err = p.store(ctx, path, "ab", StoreOptions{Offset: 20}); err != nil {
		if !isRefusal(err) {
			return err
		}
		p.found(valuePastEnd, "refused", said(err))
		return nil
	}
	content, err := p.read(ctx, path, 0)
	if err != nil {
		return err
	}
	value := "something else"
	switch content {
	case sampleText + strings.Repeat("\x00", 10) + "ab":
		value = "a hole of zeros"
	case sampleText + "ab":
		value = "written at the end"
	case "ab":
		value = "replaces the file"
	}
	p.found(valuePastEnd, value, "REST 20 and STOR of 2 octets to a file of 10, then RETR: "+quote(clip(content)))
	return nil
}

// tryBrokenOff breaks an upload off and looks what stays.
func (p *prober) tryBrokenOff(ctx context.Context) error {
	path := joinPath(p.scratch, "broken.off")
	p.made[path] = TypeFile
	content := io.MultiReader(strings.NewReader(strings.Repeat("x", storeBuffer)), brokenOff{})
	_, err := p.c.Store(ctx, path, content, StoreOptions{})
	if !errors.Is(err, errBrokenOff) {
		return err
	}
	e, err := p.c.Stat(ctx, path)
	switch {
	case isKind(err, KindNotExist):
		p.found(valueAborted, "nothing stays", fmt.Sprintf("STOR, reset after %d octets: no such file", storeBuffer))
	case err != nil:
		return err
	default:
		p.found(valueAborted, "a part stays", fmt.Sprintf("STOR, reset after %d octets: the file has %d", storeBuffer, e.Size))
	}
	return nil
}

// brokenOff is the end of content that fails.
type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, errBrokenOff }

// errBrokenOff is the end of an upload that is broken off on purpose.
var errBrokenOff = errors.New("broken off on purpose")
