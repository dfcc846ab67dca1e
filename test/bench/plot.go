package main

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// A plot has the size of a page's column, in pixels, with room for the axes.
const (
	plotWidth, plotHeight   = 720, 440
	plotLeft, plotRight     = 70, 130
	plotTop, plotBottom     = 50, 60
	plotTickCount           = 5 // on the axis of the round trip time, at most
	plotLine                = 15
	plotFont                = `font-family="sans-serif" font-size="13"`
	plotAxis, plotGrid, ink = "#444", "#ddd", "#222"
)

// plotColors are for the tools in their order.
var plotColors = []string{"#0b6e4f", "#c0392b", "#e08e0b", "#7d5ba6", "#2e6fb7", "#666"}

// A curve is the times of one tool.
type curve struct {
	tool   string
	color  string
	points []plotPoint
}

type plotPoint struct{ rtt, seconds float64 }

// curvesOf returns those of a work. Rows of failed works are not in it.
func curvesOf(r *results, w *work) (curves []*curve) {
	for _, row := range r.Rows {
		if row.Work != w.name || row.Median.Problem != "" || row.Median.Seconds <= 0 {
			continue
		}
		i := slices.IndexFunc(curves, func(c *curve) bool { return c.tool == row.Tool })
		if i < 0 {
			i = len(curves)
			curves = append(curves, &curve{tool: row.Tool, color: plotColors[i%len(plotColors)]})
		}
		curves[i].points = append(curves[i].points, plotPoint{row.RTT * 1e3, row.Median.Seconds})
	}
	return curves
}

// A drawing is a plot in the making. The times are drawn by their logarithm.
type drawing struct {
	strings.Builder
	step     float64 // of the round trip time, ms
	steps    float64 // of them on the axis
	low, top float64 // the decades of the times
}

func (d *drawing) x(rtt float64) float64 {
	return plotLeft + rtt/(d.step*d.steps)*(plotWidth-plotLeft-plotRight)
}

func (d *drawing) y(seconds float64) float64 {
	return plotHeight - plotBottom - (math.Log10(seconds)-d.low)/(d.top-d.low)*(plotHeight-plotTop-plotBottom)
}

func (d *drawing) text(x, y float64, anchor, color, s string) {
	fmt.Fprintf(d, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s" %s>%s</text>`+"\n", x, y, anchor, color, plotFont, html.EscapeString(s))
}

// plot draws the time of a work over the round trip time, a line for each tool,
// as SVG.
func plot(r *results, w *work) string {
	curves := curvesOf(r, w)
	d := &drawing{low: math.Inf(1), top: math.Inf(-1)}
	farthest := 0.0
	for _, c := range curves {
		for _, p := range c.points {
			farthest = max(farthest, p.rtt)
			d.low, d.top = min(d.low, math.Log10(p.seconds)), max(d.top, math.Log10(p.seconds))
		}
	}
	if len(curves) == 0 {
		d.low, d.top = 0, 0
	}
	d.step, d.low = tick(farthest), math.Floor(d.low)
	d.steps = max(1, math.Ceil(farthest/d.step))
	d.top = max(math.Ceil(d.top), d.low+1)
	fmt.Fprintf(d, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(d, `<rect width="100%%" height="100%%" fill="#fff"/>`+"\n")
	d.axes()
	d.text(plotLeft, plotTop-20, "start", ink, w.title+": seconds over round trip time")
	d.text((plotLeft+plotWidth-plotRight)/2, plotHeight-15, "middle", plotAxis, "round trip time, ms ("+r.Server+")")
	for _, c := range curves {
		d.draw(c)
	}
	d.names(curves)
	d.WriteString("</svg>\n")
	return d.String()
}

// axes draws the grid, with fine lines at 2 to 9 of each decade.
func (d *drawing) axes() {
	for rtt := 0.0; rtt <= d.step*d.steps; rtt += d.step {
		fmt.Fprintf(d, `<path d="M%.1f %dV%d" stroke="%s"/>`+"\n", d.x(rtt), plotTop, plotHeight-plotBottom, plotGrid)
		d.text(d.x(rtt), plotHeight-plotBottom+20, "middle", plotAxis, fmt.Sprintf("%g", rtt))
	}
	for decade := d.low; decade <= d.top; decade++ {
		power := math.Pow(10, decade)
		d.text(plotLeft-8, d.y(power)+4, "end", plotAxis, fmt.Sprintf("%g", power))
		for i := 1.0; i < 10 && (i == 1 || decade < d.top); i++ {
			width := 0.4
			if i == 1 {
				width = 1.2
			}
			fmt.Fprintf(d, `<path d="M%d %.1fH%d" stroke="%s" stroke-width="%g"/>`+"\n", plotLeft, d.y(i*power), plotWidth-plotRight, plotGrid, width)
		}
	}
}

func (d *drawing) draw(c *curve) {
	var path []string
	for _, p := range c.points {
		path = append(path, fmt.Sprintf("%.1f,%.1f", d.x(p.rtt), d.y(p.seconds)))
		fmt.Fprintf(d, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"/>`+"\n", d.x(p.rtt), d.y(p.seconds), c.color)
	}
	fmt.Fprintf(d, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(path, " "), c.color)
}

// names puts the tools' names and last times where their curves end, the lower
// ones moved down where two would be in one line.
func (d *drawing) names(curves []*curve) {
	last := func(c *curve) plotPoint { return c.points[len(c.points)-1] }
	sorted := slices.SortedFunc(slices.Values(curves), func(a, b *curve) int { return cmp.Compare(last(b).seconds, last(a).seconds) })
	free := 0.0
	for _, c := range sorted {
		y := max(d.y(last(c).seconds)+4, free)
		d.text(d.x(last(c).rtt)+10, y, "start", c.color, fmt.Sprintf("%s, %.3g s", c.tool, last(c).seconds))
		free = y + plotLine
	}
}

// tick returns a round number of which plotTickCount are at least most.
func tick(most float64) float64 {
	if most <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(most/plotTickCount)))
	for _, step := range []float64{1, 2, 2.5, 5} {
		if step*power*plotTickCount >= most {
			return step * power
		}
	}
	return 10 * power
}
