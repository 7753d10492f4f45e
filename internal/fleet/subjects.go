package fleet

import (
	"fmt"
	"strings"
)

// Subjects of NATS. A runner may publish to its own three kinds, and is told by two; nothing else is open to it.
const (
	prefix = "rtc.v1."

	RunsSubject = prefix + "run.*"    // runners → stream
	AskSubject  = prefix + "ask.*.*"  // runners → hub, requests
	TellAll     = prefix + "tell-all" // hub → runners
	LiveSubject = prefix + "live.*"   // runners → hub, while somebody watches
	Watched     = "live"              // hub → runners: somebody does, for WatchedFor
	Stream      = "RUNS"              // of what runners publish to RunsSubject
	Consumer    = "hub"               // the durable one, which all hubs share
	KeptHeader  = "Rtcbench-Kept"     // the inbox that is told what became of a run
	Kept        = "kept"              // an answer there: the store has the run
	Rejected    = "rejected: "        // … or will never take it, for the reason that follows
	Later       = "later: "           // … or cannot take it now
	NotifyPath  = "/nats"             // of the hub's listener: the WebSocket of NATS
	JoinPath    = "/join"             // … where a runner enrols
	Plans       = "plan"              // what a runner asks for
	Seats       = "seats"             // …
	Hellos      = "hello"             // …
	Rans        = "ran"               // … tells what came of an order
	inboxPrefix = "_INBOX."           // replies to a runner
	templated   = "{{name()}}"        // what NATS puts the name of a user's JWT for
	runPrefix   = prefix + "run."     //
	tellPrefix  = prefix + "tell."    //
	askPrefix   = prefix + "ask."     //
	livePrefix  = prefix + "live."    //
)

// RunSubject is where the runner called name publishes its runs.
func RunSubject(name string) string { return runPrefix + name }

// TellSubject is where that runner is told something.
func TellSubject(name string) string { return tellPrefix + name }

// Ask is where that runner asks for what.
func Ask(name, what string) string { return askPrefix + name + "." + what }

// InboxPrefix is how that runner's inboxes begin. On NATS 2.9 a template is filled as a whole token alone.
func InboxPrefix(name string) string { return inboxPrefix + name }

// Publishes and Subscribes are all that a runner may do, as templates for the scope of its JWT.
func Publishes() []string {
	return []string{RunSubject(templated), askPrefix + templated + ".*", livePrefix + templated}
}

// Subscribes is what a runner may hear.
func Subscribes() []string {
	return []string{TellSubject(templated), TellAll, InboxPrefix(templated) + ".>"}
}

// RunnerOf is the name in the subject of a run.
func RunnerOf(subject string) (name string, err error) {
	name, ok := strings.CutPrefix(subject, runPrefix)
	if !ok || !ValidName(name) {
		return "", fmt.Errorf("%.80q is no subject of a run", subject)
	}
	return name, nil
}

// LiveSubjectOf is where the runner called name tells of its pings.
func LiveSubjectOf(name string) string { return livePrefix + name }

// WatcherOf is the name in the subject of pings.
func WatcherOf(subject string) (name string, err error) {
	name, ok := strings.CutPrefix(subject, livePrefix)
	if !ok || !ValidName(name) {
		return "", fmt.Errorf("%.80q is no subject of pings", subject)
	}
	return name, nil
}

// AskerOf is the name in the subject of a request, and what is asked for.
func AskerOf(subject string) (name, what string, err error) {
	rest, ok := strings.CutPrefix(subject, askPrefix)
	name, what, two := strings.Cut(rest, ".")
	if !ok || !two || !ValidName(name) {
		return "", "", fmt.Errorf("%.80q is no subject of a request", subject)
	}
	return name, what, nil
}

// OwnInbox reports whether subject is an inbox of the runner called name: nobody else is answered in its name.
func OwnInbox(name, subject string) bool {
	return strings.HasPrefix(subject, InboxPrefix(name)+".") && !strings.ContainsAny(subject, "*> \t\r\n")
}
