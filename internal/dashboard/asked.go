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

// parameters are the parameters that openapi.json lists, by path.
var parameters = sync.OnceValue(func() map[string][]string {
	var doc struct {
		Paths map[string]struct {
			Get struct {
				Parameters []struct{ Name, In string }
			}
		}
	}
	if err := json.Unmarshal(openAPI, &doc); err != nil {
		panic(err) // openapi.json is embedded, so an error is a mistake of the build
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

// asked refuses unknown parameters: a misspelt plattform= would otherwise answer with all platforms. The interface of
// the original tool is an exception: it ignores unknown parameters.
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

// only is q without the parameters that the interface at path does not know.
func only(q url.Values, path string) string {
	maps.DeleteFunc(q, func(name string, _ []string) bool { return !slices.Contains(parameters()[path], name) })
	return q.Encode()
}
