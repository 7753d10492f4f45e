package flags

import (
	"slices"

	"rtcbench/internal/measure"
	"rtcbench/internal/settings"
)

// Idle says of a flag that it cannot act with what was asked for, and why.
type Idle struct {
	Flag, Why string
	If        bool
	Must      bool // it says what is meant, wherever it stands: another measurement is not made in its place
}

// Act fails for a flag that cannot act and was given on the command line, and for one with Must wherever it was set.
// Where a variable or a file sets a flag that cannot act, that is no mistake, for the setting may be for other
// commands: a remark says so.
func Act(c *settings.Check, lists ...[]Idle) (remarks []string) {
	for _, x := range slices.Concat(lists...) {
		switch rank := c.Rank(x.Flag); {
		case !x.If || rank == settings.ByDefault || c.Err != nil:
		case x.Must || rank == settings.ByFlag:
			c.Err = settings.Usagef("%s: %s", c.Name(x.Flag), x.Why)
		default:
			remarks = append(remarks, c.Name(x.Flag)+" does nothing here: "+x.Why)
		}
	}
	return remarks
}

// Idle are the flags of a call, with when each of them cannot act.
func (f TurnGroup) Idle() []Idle {
	return []Idle{
		{Flag: "turns", If: f.Script != "", Why: "the script says how many turns there are; leave out one of the two"},
		{Flag: "say", If: f.Script != "", Why: "the script says what is said; leave out one of the two"},
	}
}

// IdleInTurns are the flags of turn livekit, with when each of them cannot act in a job.
func IdleInTurns(c *settings.Check, job measure.TurnJob) []Idle {
	byToken, token := job.Place.Token != "", c.Name("token")
	keyToo := c.Rank("token") == settings.ByFlag && byToken
	return []Idle{
		{Flag: "agent", If: job.Here, Must: true, Why: "no agent is registered with the sandbox; name a server with " +
			"--server-url, and give its API key"},
		{Flag: "agent", If: byToken, Must: true, Why: "only an API key can dispatch an agent, and " + token + " is a " +
			"token; give --api-key and --api-secret without it"},
		{Flag: "agent", If: job.Place.Room != "" && !byToken, Must: true, Why: "it and " + c.Name("room") + " both " +
			"say who is called: an agent gets a fresh room; give one of them"},
		{Flag: "room", If: job.Here, Why: "the sandbox has a room of its own; name a server with --server-url"},
		{Flag: "room", If: byToken, Why: token + " already names its room"},
		{Flag: "api-key", If: keyToo, Why: "the token is taken; leave out one of the two"},
		{Flag: "api-secret", If: keyToo, Why: "the token is taken; leave out one of the two"},
		{Flag: "delay", If: !job.Here && job.Lab.Name == "", Why: "it is of the sandbox's own agent, and another " +
			"server is named; leave out one of the two"},
	}
}
