package fleet

import (
	"fmt"
	"strings"
)

// Subjects of NATS, and other names that hub and runner share. A runner may publish to its own three kinds of subjects
// and may subscribe to two. It has no other rights.
const (
	prefix = "rtc.v1."

	RunsSubject = prefix + "run.*"    // runners → stream
	AskSubject  = prefix + "ask.*.*"  // runners → hub, requests
	TellAll     = prefix + "tell-all" // hub → runners
	LiveSubject = prefix + "live.*"   // runners → hub, while somebody watches
	Watched     = "live"              // hub → runners: somebody watches, for WatchedFor
	Stream      = "RUNS"              // the stream that takes what runners publish to RunsSubject
	Consumer    = "hub"               // the durable consumer that all hubs share
	KeptHeader  = "Rtcbench-Kept"     // header of a run: the inbox for the answer
	Kept        = "kept"              // answer: the store has the run
	Rejected    = "rejected: "        // answer: the store will never take the run; the reason follows
	Later       = "later: "           // answer: the run cannot be kept now; the reason follows
	NotifyPath  = "/nats"             // path on the hub's listener: NATS over WebSocket
	JoinPath    = "/join"             // path on the hub's listener: a runner joins
	Plans       = "plan"              // a request for the plan
	Seats       = "seats"             // a request for seats
	Hellos      = "hello"             // a report of the runner's state
	Rans        = "ran"               // a report of the result of an order
	inboxPrefix = "_INBOX."           // replies to a runner
	templated   = "{{name()}}"        // NATS replaces it by the name in a user's JWT
	runPrefix   = prefix + "run."     //
	tellPrefix  = prefix + "tell."    //
	askPrefix   = prefix + "ask."     //
	livePrefix  = prefix + "live."    //
)

// RunSubject is where the runner called name publishes its runs.
func RunSubject(name string) string { return runPrefix + name }

// TellSubject is where the hub tells the runner called name something.
func TellSubject(name string) string { return tellPrefix + name }

// Ask is where the runner called name sends a request of the kind what.
func Ask(name, what string) string { return askPrefix + name + "." + what }

// InboxPrefix is the beginning of the inboxes of the runner called name. NATS 2.9 fills in a template only if it is a
// whole token.
func InboxPrefix(name string) string { return inboxPrefix + name }

// Publishes are the subjects to which a runner may publish, as templates for the scope of its JWT.
func Publishes() []string {
	return []string{RunSubject(templated), askPrefix + templated + ".*", livePrefix + templated}
}

// Subscribes are the subjects to which a runner may subscribe, as templates for the scope of its JWT.
func Subscribes() []string {
	return []string{TellSubject(templated), TellAll, InboxPrefix(templated) + ".>"}
}

// RunnerOf is the name of the runner in the subject of a run.
func RunnerOf(subject string) (name string, err error) {
	name, ok := strings.CutPrefix(subject, runPrefix)
	if !ok || !ValidName(name) {
		return "", fmt.Errorf("%.80q is no subject of a run", subject)
	}
	return name, nil
}

// LiveSubjectOf is where the runner called name reports its pings.
func LiveSubjectOf(name string) string { return livePrefix + name }

// WatcherOf is the name of the runner in the subject of pings.
func WatcherOf(subject string) (name string, err error) {
	name, ok := strings.CutPrefix(subject, livePrefix)
	if !ok || !ValidName(name) {
		return "", fmt.Errorf("%.80q is no subject of pings", subject)
	}
	return name, nil
}

// AskerOf is the name of the runner in the subject of a request, and the kind of the request.
func AskerOf(subject string) (name, what string, err error) {
	rest, ok := strings.CutPrefix(subject, askPrefix)
	name, what, two := strings.Cut(rest, ".")
	if !ok || !two || !ValidName(name) {
		return "", "", fmt.Errorf("%.80q is no subject of a request", subject)
	}
	return name, what, nil
}

// OwnInbox reports whether subject is an inbox of the runner called name. The hub answers a runner only there.
func OwnInbox(name, subject string) bool {
	return strings.HasPrefix(subject, InboxPrefix(name)+".") && !strings.ContainsAny(subject, "*> \t\r\n")
}
