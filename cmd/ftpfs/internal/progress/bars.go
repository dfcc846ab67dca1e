package progress

import (
	"io"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// barLeast is from how many octets on a file has a bar of its own; those of smaller
// ones would only flicker.
const barLeast = 1 << 20

// bars are what is seen on a terminal: one for all, below those of the large files
// that are under way.
type bars struct {
	all   *mpb.Progress
	total *mpb.Bar
}

func newBars(w io.Writer, r *Progress) *bars {
	b := &bars{all: mpb.New(mpb.WithOutput(w), mpb.WithWidth(64))}
	b.total = b.all.New(0, mpb.BarStyle().Rbound("|").Lbound("|"), mpb.BarPriority(1<<30), mpb.BarRemoveOnComplete(),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return r.state() })),
		mpb.BarFillerMiddleware(func(base mpb.BarFiller) mpb.BarFiller {
			return mpb.BarFillerFunc(func(w io.Writer, s decor.Statistics) error {
				r.mu.Lock()
				s.Total, s.Current = max(r.octets, 1), min(r.moved, max(r.octets, 1))
				r.mu.Unlock()
				return base.Fill(w, s)
			})
		}))
	return b
}

// note writes a line above the bars.
func (b *bars) note(text string) {
	io.WriteString(b.all, text) // there is nobody else to tell
}

func (b *bars) close() {
	b.total.Abort(true)
	b.all.Wait()
}

// bar is that of one file.
type bar struct{ b *mpb.Bar }

// begin returns nil for a file that gets none.
func (b *bars) begin(name string, size, from int64) *bar {
	if size < barLeast {
		return nil
	}
	const most = 32 // characters of a name
	if r := []rune(name); len(r) > most {
		name = "..." + string(r[len(r)-most+3:])
	}
	one := b.all.AddBar(size, mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(name, decor.WC{W: most, C: decor.DindentRight})),
		mpb.AppendDecorators(decor.CountersKibiByte("% .1f / % .1f"), decor.AverageSpeed(decor.SizeB1024(0), "  % .1f")))
	one.SetCurrent(from)
	return &bar{one}
}

func (b *bar) add(octets int) { b.b.IncrBy(octets) }

// end removes it: what has become of the file the sum tells.
func (b *bar) end(error) { b.b.Abort(true) }
