package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
)

// publish writes the table to w and what else the flags ask for.
func publish(r *results, o options, w io.Writer) error {
	err := writeTable(r, w)
	if o.json != "" {
		data, jsonErr := json.MarshalIndent(r, "", " ")
		if jsonErr == nil {
			jsonErr = os.WriteFile(o.json, append(data, '\n'), 0o644)
		}
		err = joinFirst(err, jsonErr)
	}
	if o.plot != "" && len(o.works) > 0 {
		err = joinFirst(err, os.WriteFile(o.plot, []byte(plot(r, o.works[0])), 0o644))
	}
	return err
}

// writeTable writes the rows for people.
func writeTable(r *results, w io.Writer) error {
	fmt.Fprintf(w, "%s, TLS %v, rate %s, loss %g, median of %d\n", r.Server, r.TLS, limitText(r.Rate), r.Loss, r.Runs)
	for _, c := range r.Link {
		fmt.Fprintln(w, c)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "RTT\twork\ttool\tseconds\ttrips\tat mount\tcommands\tdata\tcontrol\tKiB sent\tKiB received\tCPU s\tpeak MiB\tx ftpfs\t")
	base := map[string]float64{}
	for _, row := range r.Rows {
		key := fmt.Sprint(row.RTT, row.Work)
		if row.Tool == "ftpfs" && row.Median.Problem == "" {
			base[key] = row.Median.Seconds
		}
		fmt.Fprintf(t, "%.0f ms\t%s\t%s\t%s\t  %s\n", row.RTT*1e3, row.Work, row.Tool, figures(row, base[key]), row.Median.remark())
	}
	return t.Flush()
}

// figures are the cells of a row that are numbers.
func figures(row row, base float64) string {
	s := row.Median
	if s.Seconds == 0 { // it never began
		return strings.Repeat("-\t", 10) + "-"
	}
	trips, atMount, commands, peak, ratio := "-", "-", "-", "-", "-"
	if row.RTT > 0 {
		trips = fmt.Sprintf("%.1f", s.Seconds/row.RTT)
	}
	if !s.AtMount.Hidden {
		atMount = fmt.Sprint(s.AtMount.total())
	}
	if !s.FTP.Hidden {
		commands = fmt.Sprint(s.FTP.total())
	}
	if s.PeakKiB > 0 {
		peak = fmt.Sprintf("%.0f", float64(s.PeakKiB)/1024)
	}
	if base > 0 && s.Problem == "" {
		ratio = fmt.Sprintf("%.2f", s.Seconds/base)
	}
	wire := "-\t-\t-\t-"
	if !s.Unseen {
		wire = fmt.Sprintf("%d\t%d\t%.1f\t%.1f", s.FTP.DataStreams, s.FTP.Controls, float64(s.Sent.Bytes)/1024, float64(s.Received.Bytes)/1024)
	}
	return fmt.Sprintf("%.3f\t%s\t%s\t%s\t%s\t%.2f\t%s\t%s", s.Seconds, trips, atMount, commands, wire, s.CPU, peak, ratio)
}

func limitText(rate int64) string {
	if rate == 0 {
		return "unlimited"
	}
	return fmt.Sprintf("%d B/s", rate)
}
