package dashboard

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// parameters are those that openapi.json has for each path.
var parameters = sync.OnceValue(func() map[string][]string {
	var doc struct {
		Paths map[string]struct {
			Get struct {
				Parameters []struct{ Name, In string }
			}
		}
	}
	if err := json.Unmarshal(openAPI, &doc); err != nil {
		panic(err) // the file is ours
	}
	all := map[string][]string{}
	for path, x := range doc.Paths {
		all[path] = []string{}
		for _, p := range x.Get.Parameters {
			if p.In == "query" {
				all[path] = append(all[path], p.Name)
			}
		}
	}
	return all
})

// asked refuses parameters that there are not: whoever writes plattform= would else be shown all platforms. What the
// original tool's interface does not know it does not look at.
func (s *Server) asked(path string, next http.Handler) http.Handler {
	known, ours := parameters()[path]
	if !ours || strings.HasPrefix(path, "/api/results/") {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range slices.Sorted(maps.Keys(r.URL.Query())) {
			if !slices.Contains(known, name) {
				refuse(w, http.StatusBadRequest, fmt.Sprintf("there is no parameter %s here; there are %s",
					quoted(name), strings.Join(known, ", ")))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// only is what of q the interface at path knows.
func only(q url.Values, path string) string {
	maps.DeleteFunc(q, func(name string, _ []string) bool { return !slices.Contains(parameters()[path], name) })
	return q.Encode()
}
