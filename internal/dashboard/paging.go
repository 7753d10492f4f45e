package dashboard

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// mostAtOnce is the most items of one answer if the request sets a limit.
const mostAtOnce = 10_000

// paging is the part of a list that a request asks for.
type paging struct {
	limit int    // items of one answer; 0 = all of the list
	after string // the key of the last item that was given; "" = from the beginning
}

// pagingOf reads the parameters limit and cursor. The cursor is the key of the last item, in base64url.
func pagingOf(r *http.Request) (p paging, err error) {
	if p.limit, err = number(r, "limit", 0, 1, mostAtOnce); err != nil {
		return p, err
	}
	text := r.URL.Query().Get("cursor")
	key, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return p, badCursor(text)
	}
	p.after = string(key)
	return p, nil
}

func badCursor(text string) error {
	return fmt.Errorf("cursor=%s is not one that an answer gave: leave it out to begin anew", quoted(text))
}

func cursorOf(key string) string { return base64.RawURLEncoding.EncodeToString([]byte(key)) }

// keyed is the key of an item that several texts identify. Keys sort as the texts do.
func keyed(texts ...string) string { return strings.Join(texts, "\x00") }

// part is the part of list that p asks for, and the cursor of the rest; a nil cursor = there is no rest. list has to be
// sorted by its keys. Items that come or go between two requests move no other item: each page begins after the last
// key of the page before.
func part[T any](p paging, list []T, key func(T) string) (some []T, next *string) {
	if p.after != "" {
		at, found := slices.BinarySearchFunc(list, p.after, func(x T, after string) int {
			return strings.Compare(key(x), after)
		})
		if found {
			at++
		}
		list = list[at:]
	}
	if p.limit == 0 || len(list) <= p.limit {
		return list, nil
	}
	list = list[:p.limit]
	cursor := cursorOf(key(list[p.limit-1]))
	return list, &cursor
}

// linked puts the address of the next page into the header Link (RFC 8288).
func linked(w http.ResponseWriter, r *http.Request, path string, next *string) {
	if next == nil {
		return
	}
	q := r.URL.Query()
	q.Set("cursor", *next)
	w.Header().Set("Link", fmt.Sprintf("<%s?%s>; rel=\"next\"", path, q.Encode()))
}
