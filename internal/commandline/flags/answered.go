package flags

import (
	"rtcbench/internal/measure"
	"rtcbench/internal/settings"
)

// Answered fails where nobody can be the echo that is asked for. who is local, remote or auto; agent is the name of an
// agent, or "".
func Answered(c *settings.Check, job measure.Job, who, agent string) error {
	minted := job.Place.Token == ""
	echo, name := c.Name("echo"), c.Name("agent-name")
	switch served := job.Service.Named(); {
	case agent != "" && served:
		return settings.Usagef("%s and %s both say who answers; give one of them", name, c.Name("agent-url"))
	case agent != "" && job.Here:
		return settings.Usagef("%s: no agent is registered with the sandbox; name a server with --%s, and give its "+
			"API key", name, c.Flag("server-url"))
	case agent != "" && !minted:
		return settings.Usagef("%s: only an API key can dispatch an agent, and %s is a token; give --%s and --%s "+
			"without it", name, c.Name("token"), c.Flag("api-key"), c.Flag("api-secret"))
	case agent != "" && who == "local":
		return settings.Usagef("%s local: the agent of %s answers; leave out one of the two", echo, name)
	case agent != "":
	case served && who == "local":
		return settings.Usagef("%s local: the echo service answers; leave out --echo, or %s", echo, c.Name("agent-url"))
	case served:
	case who == "remote" && job.Here:
		return settings.Usagef("%s remote: nobody else is in the sandbox; name a server with --server-url", echo)
	case who == "local" && !minted:
		return settings.Usagef("%s local: a token is one participant, and the echo is a second; give --api-key and "+
			"--api-secret, or start rtcbench echo", echo)
	case who == "remote" && minted && job.Place.Room == "":
		return settings.Usagef("%s remote: a fresh room has no echo in it; name its room with --room", echo)
	}
	return nil
}
