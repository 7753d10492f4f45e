package cli

import (
	"rtcbench/bench"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/measure"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/settings"
)

type turnDailyCmd struct {
	RoomURL string `short:"r" from:"DAILY_ROOM_URL" group:"where" placeholder:"URL" help:"Daily room in which the agent is, as https://domain.daily.co/room."`
	Token   string `from:"RTCBENCH_DAILY_TOKEN" group:"where" placeholder:"TOKEN" help:"Meeting token, for a private room."`
	flags.StarterGroup
	BundleURL string `name:"daily-bundle-url" from:"RTCBENCH_DAILY_BUNDLE_URL" dotenv:"no" group:"where" placeholder:"URL" help:"Where daily-js loads its call machine from, in networks that mirror Daily's CDN."`
	flags.TurnGroup
	flags.ChromeGroup
	turnKeepFlags

	Lab string `from:"RTCBENCH_LAB" hidden:"" help:"The scenario that this is measured in."`
}

// Help is shown by --help below the flags' summary.
func (turnDailyCmd) Help() string {
	return `Places a synthetic call in a Daily room, by Daily's own JavaScript SDK in a Chromium without a window: ` +
		`joins, speaks, listens to whoever is there, and says how long the answers took. The packets are ours, and ` +
		`so are the moments at which they left and arrived: no encoder, no jitter buffer and no loudspeaker is in them.

Examples:

  rtcbench turn daily -r https://my.daily.co/room
      whoever is in that room

  rtcbench turn daily --start-url https://api.pipecat.daily.co/v1/public/my-agent/start --start-token KEY
      the starter makes a room and sends the agent there, which may cost money

  rtcbench turn daily --start-url http://localhost:7860/start
      an agent of your own, started by Pipecat's development runner

What is measured, and how far to trust it: docs/turn.md.`
}

// Run calls the agent.
func (cmd *turnDailyCmd) Run(a *app) error { return a.calls(cmd) }

// sides implements measuring, for callers that only ask what a job is.
func (cmd *turnDailyCmd) sides(c *settings.Check) []side {
	job, doubts := cmd.job(c)
	return []side{{job: job.Job, doubts: doubts}}
}

// chrome implements measuring.
func (cmd *turnDailyCmd) chrome() flags.ChromeGroup { return cmd.ChromeGroup }

// job is what the flags ask for.
func (cmd *turnDailyCmd) job(c *settings.Check) (job measure.TurnJob, doubts []string) {
	job.Platform, job.Engine = daily.Platform.Name, bench.Browser
	where := flags.DailyGroup{Flags: daily.Flags{RoomURL: cmd.RoomURL, Token: cmd.Token}}
	c.Given(map[string]string{"room-url": cmd.RoomURL, "start-url": cmd.StartURL, "start-token": cmd.StartToken})
	switch {
	case cmd.RoomURL != "" && (cmd.StartURL == "" || c.Rank("room-url") > c.Rank("start-url")):
		job.Place = where.Named(c, bench.Turn)
	case cmd.RoomURL != "" && c.Rank("room-url") == c.Rank("start-url"):
		c.Err = usagef("%s and %s both say which room: the starter makes one; give one of them", c.Name("start-url"),
			c.Name("room-url"))
	case cmd.StartURL != "":
		job.Place.Starter = cmd.Starter(c)
	case c.Err == nil:
		c.Err = usagef("nobody is named to be called: give --room-url (or DAILY_ROOM_URL) of a room with an agent in " +
			"it, or --start-url of an agent's starter")
	}
	if cmd.BundleURL != "" {
		job.Place.Bundle = c.ServerURL("daily-bundle-url", cmd.BundleURL, "https", "http")
	}
	job.Lab = measure.Lab{Name: cmd.Lab}
	cmd.Plan(c, &job)
	asked := job.Place.Starter.URL != ""
	return job, flags.Act(c, cmd.Idle(), []flags.Idle{
		{Flag: "start-token", If: !asked, Why: "only a starter is told it; give --start-url"},
		{Flag: "start-body", If: !asked, Why: "only a starter is told it; give --start-url"},
		{Flag: "start-url", If: !asked, Why: c.Name("room-url") + " says which room"},
		{Flag: "room-url", If: asked, Why: "the starter makes the room"},
		{Flag: "token", If: asked, Why: "the starter gives the token of its room"},
	})
}
