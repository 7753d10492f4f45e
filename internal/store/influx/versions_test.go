package influx

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// version says how a server of another version differs from the 1.6 that these tests can run.
type version struct {
	deletes bool                                                    // it has /api/v2/delete
	empty   string                                                  // the answer without rows
	answer  func(w io.Writer, columns []string, rows [][]any) error // one with rows
}

// versions, by their sources and API references: version 2 sends one object; version 3 sends one a chunk (of seven rows
// here), and nothing at all where there are no rows (influxdb3_server/src/http/v1.rs).
var versions = map[string]version{
	"2": {
		deletes: true,
		empty:   `{"results":[{"statement_id":0}]}`,
		answer: func(w io.Writer, columns []string, rows [][]any) error {
			return json.NewEncoder(w).Encode(shaped(columns, rows))
		},
	},
	"3": {
		answer: func(w io.Writer, columns []string, rows [][]any) error {
			for len(rows) > 0 {
				n := min(7, len(rows))
				if err := json.NewEncoder(w).Encode(shaped(columns, rows[:n])); err != nil {
					return err
				}
				io.WriteString(w, "\r\n")
				rows = rows[n:]
			}
			return nil
		},
	},
}

func shaped(columns []string, rows [][]any) any {
	return map[string]any{
		"results": []any{
			map[string]any{"statement_id": 0,
				"series": []any{map[string]any{"name": "x", "columns": columns, "values": rows}}}}}
}

const playedToken = "played-token=="

// serve takes requests as that version does and asks the real server behind it.
func (v version) serve(t *testing.T, behind Options) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		refuse := func(status int, text string) {
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"code":"invalid","message":%q,"error":%q}`, text, text)
		}
		q := r.URL.Query()
		if r.Header.Get("Authorization") != "Token "+playedToken {
			refuse(http.StatusUnauthorized, "unauthorized access")
			return
		}
		s, err := New(behind)
		if err != nil {
			t.Error(err)
			return
		}
		defer s.Close()
		switch r.URL.Path {
		case "/api/v2/write":
			if r.Method != http.MethodPost || q.Get("bucket") != behind.Database || q.Get("org") != "ours" ||
				q.Get("precision") != "ns" || r.Header.Get("Content-Encoding") != "gzip" {
				refuse(http.StatusBadRequest, "not a write")
				return
			}
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				refuse(http.StatusBadRequest, err.Error())
				return
			}
			lines, err := io.ReadAll(z)
			if err == nil {
				err = s.write(r.Context(), lines)
			}
			if err != nil {
				refuse(http.StatusInternalServerError, err.Error())
				return
			}
			w.WriteHeader(http.StatusNoContent)
		case "/api/v2/delete":
			var asked struct{ Start, Stop, Predicate string }
			if !v.deletes {
				http.NotFound(w, r)
				return
			}
			err := json.NewDecoder(r.Body).Decode(&asked)
			_, noStart := time.Parse(time.RFC3339, asked.Start)
			_, noStop := time.Parse(time.RFC3339, asked.Stop)
			if r.Method != http.MethodPost || errors.Join(err, noStart, noStop) != nil ||
				q.Get("bucket") != behind.Database || q.Get("org") != "ours" {
				refuse(http.StatusBadRequest, "not a deletion")
				return
			}
			tag, value, _ := strings.Cut(asked.Predicate, "=")
			if err := s.remove(r.Context(), strings.Trim(value, `"`)); err != nil || tag != "run_id" {
				refuse(http.StatusInternalServerError, fmt.Sprint(tag, err))
				return
			}
			w.WriteHeader(http.StatusNoContent)
		case "/query":
			if strings.HasPrefix(q.Get("q"), "DELETE") {
				refuse(http.StatusBadRequest, "not a statement of this version")
				return
			}
			if q.Get("db") != behind.Database || q.Get("epoch") != "ns" {
				refuse(http.StatusBadRequest, "not a query")
				return
			}
			all, err := http.Get(behind.URL + "/query?" + url.Values{"db": {behind.Database}, "epoch": {"ns"},
				"q": {q.Get("q")}}.Encode())
			if err != nil {
				refuse(http.StatusInternalServerError, err.Error())
				return
			}
			defer all.Body.Close()
			var a answer
			d := json.NewDecoder(all.Body)
			d.UseNumber()
			if err := d.Decode(&a); err != nil || len(a.Results) != 1 || a.Results[0].Error != "" {
				refuse(http.StatusBadRequest, fmt.Sprint(err, a))
				return
			}
			if len(a.Results[0].Series) == 0 {
				io.WriteString(w, v.empty)
				return
			}
			series := a.Results[0].Series[0]
			v.answer(w, series.Columns, series.Values)
		default:
			refuse(http.StatusNotFound, "path not found")
		}
	}
}

// The suite passes on what versions 2 and 3 answer, too; the data are in the real server behind them.
func TestOtherVersionsKeepTheContract(t *testing.T) {
	for name, v := range versions {
		t.Run(name, func(t *testing.T) {
			benchtest.TestStore(t, func(t *testing.T) benchtest.StoreUnderTest {
				behind := database(t)
				server := httptest.NewServer(v.serve(t, behind))
				t.Cleanup(server.Close)
				return benchtest.StoreUnderTest{
					Level: benchtest.ReadsSamples,
					Open: func(t *testing.T) bench.Store {
						return open(t,
							Options{URL: server.URL, Token: playedToken, Org: "ours", Database: behind.Database})
					},
					Corrupt: func(t *testing.T, id string) { corrupt(t, behind, id) },
					Alter:   func(t *testing.T, id, from, to string) { alter(t, behind, id, from, to) },
					Keeps:   !v.deletes,
				}
			})
		})
	}
}
