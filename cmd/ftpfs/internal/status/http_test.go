package status

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// ask makes a request as change has it, and returns the answer.
func ask(t *testing.T, method, url string, change func(*http.Request)) *http.Response {
	t.Helper()
	h := Handler(sample, NewHistory(sample), "nas.local")
	r := httptest.NewRequest(method, url, nil)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func header(pairs ...string) func(*http.Request) {
	return func(r *http.Request) {
		for i := 0; i < len(pairs); i += 2 {
			r.Header.Set(pairs[i], pairs[i+1])
		}
	}
}

// Who is not meant to see it gets nothing of it, whatever he asks for.
func TestHandlerKeepsOut(t *testing.T) {
	for name, c := range map[string]struct {
		method, base string
		change       func(*http.Request)
		want         int
	}{
		"address":            {"GET", "http://127.0.0.1:9", nil, 200},
		"address of IPv6":    {"GET", "http://[::1]:9", nil, 200},
		"localhost":          {"GET", "http://LocalHost.:9", nil, 200},
		"its name":           {"HEAD", "http://nas.local:9", nil, 200},
		"own page":           {"GET", "http://127.0.0.1:9", header("Origin", "http://127.0.0.1:9", "Sec-Fetch-Site", "same-origin"), 200},
		"typed in":           {"GET", "http://127.0.0.1:9", header("Sec-Fetch-Site", "none"), 200},
		"a link":             {"GET", "http://127.0.0.1:9", header("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), 200},
		"DNS rebinding":      {"GET", "http://evil.example:9", nil, 421},
		"a name like it":     {"GET", "http://localhost.evil.example", nil, 421},
		"no host":            {"GET", "http://127.0.0.1:9", func(r *http.Request) { r.Host = "" }, 421},
		"another origin":     {"GET", "http://127.0.0.1:9", header("Origin", "http://evil.example"), 403},
		"another port":       {"GET", "http://127.0.0.1:9", header("Origin", "http://127.0.0.1:10"), 403},
		"a sandboxed page":   {"GET", "http://127.0.0.1:9", header("Origin", "null"), 403},
		"an image":           {"GET", "http://127.0.0.1:9", header("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"), 403},
		"a script nearby":    {"GET", "http://127.0.0.1:9", header("Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"), 403},
		"a frame":            {"GET", "http://127.0.0.1:9", header("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"), 403},
		"a change":           {"POST", "http://127.0.0.1:9", nil, 405},
		"a change of a file": {"DELETE", "http://127.0.0.1:9", nil, 405},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/", "/page.js", "/charts.js", "/page.css", "/status.json", "/history.json", "/metrics"} {
				a := ask(t, c.method, c.base+path, c.change)
				body, err := io.ReadAll(a.Body)
				if err != nil || a.StatusCode != c.want {
					t.Errorf("%s: %d, %v", path, a.StatusCode, err)
				}
				if c.want != 200 && (len(body) > 100 || strings.Contains(string(body), "nas")) {
					t.Errorf("%s: %q", path, body)
				}
				h := a.Header
				if !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || h.Get("X-Frame-Options") != "DENY" ||
					h.Get("Access-Control-Allow-Origin") != "" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
					t.Errorf("%s: %v", path, h)
				}
			}
		})
	}
}

// The page has all that it loads, by names that the policy allows.
func TestHandlerPage(t *testing.T) {
	var text string
	for _, path := range []string{"/", "/page.css", "/page.js", "/charts.js"} {
		body, err := io.ReadAll(ask(t, "GET", "http://localhost"+path, nil).Body)
		if err != nil || len(body) < 500 {
			t.Errorf("%s: %d octets, %v", path, len(body), err)
		}
		text += string(body)
	}
	outside := regexp.MustCompile(`(?:https?:)?//[a-z][^\s"')]*`)
	for _, url := range outside.FindAllString(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""), -1) {
		t.Errorf("something from elsewhere: %s", url)
	}
	if regexp.MustCompile(`<script>|\son\w+=|style="|innerHTML`).MatchString(text) {
		t.Error("something inline, which the policy forbids, or that a file's name could be")
	}
	if a := ask(t, "GET", "http://localhost/none", nil); a.StatusCode != 404 {
		t.Errorf("/none: %d", a.StatusCode)
	}
}

// What the page and Prometheus are told are the figures of the snapshot.
func TestHandlerFigures(t *testing.T) {
	var got Snapshot
	if err := json.NewDecoder(ask(t, "GET", "http://localhost/status.json", nil).Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if s := sample(); got.Traffic != s.Traffic || got.Mount != s.Mount || got.Transfers[0] != s.Transfers[0] {
		t.Errorf("%+v", got)
	}
	body, err := io.ReadAll(ask(t, "GET", "http://localhost/metrics", nil).Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`ftpfs_info{mountpoint="/mnt/nas",source="ftp://me@nas.local/",version="ftpfs 1.0"} 1`,
		"ftpfs_up 1", "ftpfs_received_bytes_total 5.36870912e+09", "ftpfs_commands_total 345", "ftpfs_refusals_total 6",
		`ftpfs_connections{state="busy"} 1`, `ftpfs_connections{state="parked"} 0`, "ftpfs_connection_waiters 3",
		"ftpfs_content_hit_bytes_total 3.145728e+06", "ftpfs_uploads_failed 1", "ftpfs_uploads_confirmed_total 5",
		`ftpfs_operation_duration_seconds_bucket{operation="read",le="1.6384e-05"} 98`,
		`ftpfs_operation_duration_seconds_bucket{operation="read",le="+Inf"} 100`,
		`ftpfs_operation_duration_seconds_sum{operation="read"} 0.05`,
		`ftpfs_operations_running{operation="read"} 2`, "go_goroutines",
	} {
		if !strings.Contains(string(body), "\n"+line) {
			t.Errorf("%s is missing in\n%s", line, body)
		}
	}
}

// A point of the history is what happened in its second.
func TestHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := sample()
		var mu sync.Mutex // guards now
		h := NewHistory(func() Snapshot {
			mu.Lock()
			defer mu.Unlock()
			s := now
			s.Time = time.Now()
			return s
		})
		ctx, cancel := context.WithCancel(t.Context())
		go h.Run(ctx)
		synctest.Wait()
		mu.Lock()
		now.Traffic.Received += 1000
		now.Operations = []Operation{{Name: "read", Count: 110, sum: 0.15, Failed: 3}}
		now.Caches.Content.Hits += 30
		now.Caches.Content.Waits += 10
		mu.Unlock()
		time.Sleep(1500 * time.Millisecond)
		first := h.Points(time.Time{})
		time.Sleep(11 * time.Minute)
		cancel()
		synctest.Wait()
		if len(first) != 1 {
			t.Fatalf("%+v", first)
		}
		p := first[0]
		if p.Received != 1000 || p.Operations != 10 || p.Mean < 0.0099 || p.Mean > 0.0101 || p.Failed != 2 || p.HitRate != 0.75 || p.Busy != 1 || p.Down {
			t.Errorf("%+v", p)
		}
		all := h.Points(time.Time{})
		if last := all[len(all)-1]; len(all) != historyLength || last.Received != 0 || last.HitRate != -1 || last.Operations != 0 {
			t.Errorf("%d points, %+v", len(all), last)
		}
		if after := h.Points(all[len(all)-3].Time); len(after) != 2 || after[1] != all[len(all)-1] {
			t.Errorf("%d points after the last but two", len(after))
		}
	})
}
