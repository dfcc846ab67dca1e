package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// A plot has the size of a page's column, in pixels, with room for the axes.
const (
	plotWidth, plotHeight   = 720, 440
	plotLeft, plotRight     = 70, 130
	plotTop, plotBottom     = 50, 60
	plotTickCount           = 5
	plotFont                = `font-family="sans-serif" font-size="13"`
	plotAxis, plotGrid, ink = "#444", "#ddd", "#222"
)

// plotColors are for the tools in their order.
var plotColors = []string{"#0b6e4f", "#c0392b", "#e08e0b", "#7d5ba6", "#2e6fb7", "#666"}

// plot draws the time of a work over the round trip time, a line for each tool,
// as SVG. Rows of failed works are not in it.
func plot(r *results, w *work) string {
	type point struct{ x, y float64 }
	lines := map[string][]point{}
	var tools []string
	maxX, maxY := 0.0, 0.0
	for _, row := range r.Rows {
		if row.Work != w.name || row.Median.Problem != "" {
			continue
		}
		if lines[row.Tool] == nil {
			tools = append(tools, row.Tool)
		}
		lines[row.Tool] = append(lines[row.Tool], point{row.RTT * 1e3, row.Median.Seconds})
		maxX, maxY = max(maxX, row.RTT*1e3), max(maxY, row.Median.Seconds)
	}
	stepX, stepY := tick(maxX), tick(maxY)
	atX := func(x float64) float64 { return plotLeft + x/(stepX*plotTickCount)*(plotWidth-plotLeft-plotRight) }
	atY := func(y float64) float64 {
		return plotHeight - plotBottom - y/(stepY*plotTickCount)*(plotHeight-plotTop-plotBottom)
	}

	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/>`+"\n")
	text := func(x, y float64, anchor, color, s string) {
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s" %s>%s</text>`+"\n", x, y, anchor, color, plotFont, html.EscapeString(s))
	}
	for i := range plotTickCount + 1 {
		x, y := stepX*float64(i), stepY*float64(i)
		fmt.Fprintf(&b, `<path d="M%.1f %dV%d" stroke="%s"/>`+"\n", atX(x), plotTop, plotHeight-plotBottom, plotGrid)
		fmt.Fprintf(&b, `<path d="M%d %.1fH%d" stroke="%s"/>`+"\n", plotLeft, atY(y), plotWidth-plotRight, plotGrid)
		text(atX(x), plotHeight-plotBottom+20, "middle", plotAxis, fmt.Sprintf("%g", x))
		text(plotLeft-8, atY(y)+4, "end", plotAxis, fmt.Sprintf("%.3g", y))
	}
	text(plotLeft, plotTop-20, "start", ink, w.title+": seconds over round trip time")
	text((plotLeft+plotWidth-plotRight)/2, plotHeight-15, "middle", plotAxis, "round trip time, ms ("+r.Server+")")
	for i, tool := range tools {
		color := plotColors[i%len(plotColors)]
		var path []string
		for _, p := range lines[tool] {
			path = append(path, fmt.Sprintf("%.1f,%.1f", atX(p.x), atY(p.y)))
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"/>`+"\n", atX(p.x), atY(p.y), color)
		}
		fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(path, " "), color)
		last := lines[tool][len(lines[tool])-1]
		text(atX(last.x)+10, atY(last.y)+4, "start", color, tool)
	}
	b.WriteString("</svg>\n")
	return b.String()
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
