package fleet

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Whose echo answers the pings of a job. EchoLocal: each place answers its own pings. place:NAME: one place answers all
// others. EchoMesh: the places answer one another in turn.
const (
	EchoLocal = ""
	EchoMesh  = "mesh"
	echoPlace = "place:"
)

// EchoOf reads the setting of a job's echo in a fleet file.
func EchoOf(text string) (string, error) {
	name, at := strings.CutPrefix(text, echoPlace)
	switch {
	case text == "local", text == EchoLocal:
		return EchoLocal, nil
	case text == EchoMesh, at && ValidName(name):
		return text, nil
	}
	return "", errors.New("local, mesh, or place:NAME")
}

// Answers reports whether the place called name answers all other places of the job.
func (j Job) Answers(name string) bool { return j.Echo == echoPlace+name }

// Turn is the place that answers the pings of the place called name in a slot; "" = the place itself. If measures is
// false, the place called name does not measure in this job.
func (p Plan) Turn(j Job, name string, slot time.Time) (answerer string, measures bool) {
	if j.Echo == EchoLocal {
		return "", true
	}
	i := slices.Index(j.Among, name)
	if i < 0 {
		return "", false
	}
	if at, ok := strings.CutPrefix(j.Echo, echoPlace); ok {
		return at, true
	}
	if len(j.Among) < 2 {
		return "", false
	}
	return j.Among[(i+p.step(j, slot))%len(j.Among)], true
}

// step is the distance in Among between a place and its echo, in a slot of a mesh. With n places, each place has
// answered each other place after n−1 slots.
func (p Plan) step(j Job, slot time.Time) int {
	return 1 + int((slot.UnixNano()/p.Every.Nanoseconds())%int64(len(j.Among)-1))
}

// Callers are the places whose pings the place called name answers in a slot.
func (p Plan) Callers(j Job, name string, slot time.Time) []string {
	if j.Answers(name) {
		return j.Among
	}
	i := slices.Index(j.Among, name)
	if j.Echo != EchoMesh || i < 0 || len(j.Among) < 2 {
		return nil
	}
	n := len(j.Among)
	return []string{j.Among[(i-p.step(j, slot)+n)%n]}
}

// MaxCallers is how many places one place can answer at the same time.
const MaxCallers = 50
