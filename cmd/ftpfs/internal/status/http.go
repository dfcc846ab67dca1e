package status

import (
	"embed"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

//go:embed page
var page embed.FS

// files are what the page is made of, by path.
var files = map[string]struct{ name, kind string }{
	"/":          {"page/index.html", "text/html; charset=utf-8"},
	"/page.css":  {"page/page.css", "text/css; charset=utf-8"},
	"/page.js":   {"page/page.js", "text/javascript; charset=utf-8"},
	"/charts.js": {"page/charts.js", "text/javascript; charset=utf-8"},
}

// Handler serves what take returns: the page at /, a Snapshot at /status.json, the
// Points of history at /history.json, and metrics for Prometheus at /metrics.
//
// Nothing can be changed through it, and there are no passwords in what it shows;
// names of files and the words of the server are. Who can reach the address can see
// them: there are no users here. It answers GET and HEAD only, and only where the
// request names this host by an address, localhost, or one of names, so that a name
// that somebody else points here (DNS rebinding) is of no use to him; and to no
// request that a page of another origin has made, but for a link that was followed.
// Pages of others cannot show it in a frame.
func Handler(take func() Snapshot, history *History, names ...string) http.Handler {
	mux := http.NewServeMux()
	for path, f := range files {
		text, err := page.ReadFile(f.name)
		if err != nil {
			panic(err) // it was embedded
		}
		pattern := path
		if path == "/" {
			pattern = "/{$}"
		}
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", f.kind)
			w.Write(text) // nobody is left to tell of an error
		})
	}
	mux.HandleFunc("/status.json", func(w http.ResponseWriter, r *http.Request) { sendJSON(w, take()) })
	mux.HandleFunc("/history.json", func(w http.ResponseWriter, r *http.Request) { sendJSON(w, history.Points(after(r))) })
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collector{take}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux.Handle("/metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	return &guarded{mux, names}
}

func sendJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // nobody is left to tell of an error
}

// after is the time that a request wants what came after; zero: all of it.
func after(r *http.Request) time.Time {
	t, err := time.Parse(time.RFC3339Nano, r.FormValue("after"))
	if err != nil {
		return time.Time{}
	}
	return t
}

// guarded keeps out who may not see it.
type guarded struct {
	http.Handler
	names []string // of this host
}

// policy lets the page load its own parts, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (g *guarded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "nothing can be changed here: see ftpfs --help", http.StatusMethodNotAllowed)
	case !g.isHost(r.Host):
		http.Error(w, "this is reached by an address or as localhost, not by this name", http.StatusMisdirectedRequest)
	case foreign(r):
		http.Error(w, "not for pages of others", http.StatusForbidden)
	default:
		g.Handler.ServeHTTP(w, r)
	}
}

// isHost tells whether what a request was sent to is a name of this host.
func (g *guarded) isHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	_, err = netip.ParseAddr(host)
	return err == nil || host == "localhost" || slices.Contains(g.names, host)
}

// foreign tells whether a page of another origin has made the request. Browsers say
// so by Origin (RFC 6454) and Sec-Fetch-Site (W3C Fetch Metadata); other programs
// say nothing.
func foreign(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		if err != nil || u.Host != r.Host {
			return true
		}
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return false
	}
	return r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.Header.Get("Sec-Fetch-Dest") != "document"
}

// utf8 is a name as Prometheus takes it.
func utf8(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
