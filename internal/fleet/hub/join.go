package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"rtcbench/internal/fleet"
)

// maxBody is the largest request body that is read, in bytes.
const maxBody = 1 << 20

// bodyTimeout is how long a body may take to arrive. It is short because anybody may ask to join.
const bodyTimeout = 10 * time.Second

// read decodes the JSON body of a request into v. If it cannot, it answers with an error and returns false.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	line := http.NewResponseController(w)
	line.SetReadDeadline(time.Now().Add(bodyTimeout))
	defer line.SetReadDeadline(time.Time{}) // a deadline that is left would end r's context
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	if err := d.Decode(v); errors.Is(err, os.ErrDeadlineExceeded) {
		refuse(w, http.StatusRequestTimeout, fmt.Errorf("the request did not arrive within %v", bodyTimeout))
		return false
	} else if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		refuse(w, http.StatusRequestEntityTooLarge, fmt.Errorf("the request is larger than %d bytes", large.Limit))
		return false
	} else if err != nil {
		refuse(w, http.StatusBadRequest, errors.New("the request is not the JSON that is expected here"))
		return false
	}
	return true
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(fleet.Refusal{Error: err.Error()})
}

// join handles the request of a runner to join.
func (h *Hub) join(w http.ResponseWriter, r *http.Request) {
	var j fleet.Join
	if !read(w, r, &j) {
		return
	}
	if err := j.Check(); err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	m, revoked, err := h.book.enrol(j)
	switch {
	case errors.Is(err, fleet.ErrToken), errors.Is(err, fleet.ErrExpired):
		h.options.Log.Warn("a runner was not let in", "name", j.Place.Name, "from", r.RemoteAddr, "error", err)
		refuse(w, http.StatusForbidden, err)
		return
	case errors.Is(err, ErrTaken):
		refuse(w, http.StatusConflict, err)
		return
	case err != nil:
		h.options.Log.Error("enrol", "name", j.Place.Name, "error", err)
		refuse(w, http.StatusInternalServerError, err)
		return
	}
	if revoked {
		h.presence.forget(m.Name)
		if err := h.throwOut(); err != nil {
			refuse(w, http.StatusInternalServerError, fmt.Errorf("revoke the key before: %w", err))
			return
		}
	}
	token, err := h.keys.runnerJWT(m.Name, m.Key)
	if err != nil {
		refuse(w, http.StatusInternalServerError, err)
		return
	}
	h.options.Log.Info("joined", "name", m.Name, "location", m.Location, "version", j.Version, "replaced", revoked)
	h.reorder()
	answer(w, fleet.Welcome{JWT: token, PlanKey: h.keys.planKey()})
}
