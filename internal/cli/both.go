package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/browser"
	"rtcbench/internal/sandbox"
)

type bothCmd struct {
	DailyRoom   string `from:"DAILY_ROOM_URL" group:"where" placeholder:"URL" help:"Daily room."`
	DailyToken  string `from:"RTCBENCH_DAILY_TOKEN" group:"where" placeholder:"TOKEN" help:"Meeting token, for a private room."`
	DailyAPIKey string `name:"daily-api-key" from:"DAILY_API_KEY" group:"where" placeholder:"KEY" help:"Daily API key: makes a room for this run, and removes it."`
	Geo         string `from:"RTCBENCH_GEO" group:"where" placeholder:"REGION" help:"Region of the Daily room that is made."`
	BundleURL   string `name:"daily-bundle-url" from:"RTCBENCH_DAILY_BUNDLE_URL" dotenv:"no" group:"where" placeholder:"URL" help:"Where daily-js loads its call machine from."`
	APIURL      string `name:"daily-api-url" from:"RTCBENCH_DAILY_API_URL" dotenv:"no" group:"where" placeholder:"URL" help:"Daily's REST interface."`

	LivekitURL       string `from:"LIVEKIT_URL" group:"where" placeholder:"URL" help:"LiveKit server; without it, one inside this process."`
	LivekitToken     string `from:"LIVEKIT_TOKEN" group:"where" placeholder:"JWT" help:"LiveKit access token."`
	LivekitAPIKey    string `name:"livekit-api-key" from:"LIVEKIT_API_KEY" group:"where" placeholder:"KEY" help:"LiveKit API key to make tokens with."`
	LivekitAPISecret string `name:"livekit-api-secret" from:"LIVEKIT_API_SECRET" group:"where" placeholder:"SECRET" help:"Its secret."`
	LivekitRoom      string `from:"RTCBENCH_ROOM" group:"where" placeholder:"NAME" help:"LiveKit room to meet in, with an API key."`

	agentFlags
	DailyAgentURL     string `name:"daily-agent-url" from:"DAILY_AGENT_URL" group:"where" placeholder:"URL" help:"Echo service to ask for the Daily room, where each platform has its own."`
	DailyAgentToken   string `name:"daily-agent-token" from:"RTCBENCH_DAILY_AGENT_TOKEN" group:"where" placeholder:"TOKEN" help:"Its token, if it wants one."`
	LivekitAgentURL   string `name:"livekit-agent-url" from:"LIVEKIT_AGENT_URL" group:"where" placeholder:"URL" help:"Echo service to ask for the LiveKit room."`
	LivekitAgentToken string `name:"livekit-agent-token" from:"RTCBENCH_LIVEKIT_AGENT_TOKEN" group:"where" placeholder:"TOKEN" help:"Its token, if it wants one."`
	LivekitAgentName  string `name:"livekit-agent-name" from:"RTCBENCH_AGENT_NAME" group:"where" placeholder:"NAME" help:"Agent to dispatch as the LiveKit echo, with an API key."`

	Timeout string `short:"t" from:"TIMEOUT_MS" group:"what" default:"5000" placeholder:"5000" help:"Milliseconds after which a pong is too late."`
	planFlags
	Echo string `from:"RTCBENCH_ECHO" group:"where" enum:"auto,local,remote" default:"auto" placeholder:"auto" help:"Who answers: local, remote, or auto: for each platform, local in a room of our own making."`
	chromeFlags

	outputFlags
	storeFlags
	limitFlags
}

// Help is shown by --help below the flags' summary.
func (bothCmd) Help() string {
	return `Both platforms in one Chromium, a page and a process for each seat, at one time and on one grid, half a period apart so that their pings do not collide. What the browser costs, it costs both; where the browser itself ends, both runs end.

Daily carries application messages on a WebSocket, LiveKit on a data channel: the verdict says so, and compares what an application gets, not media.

Examples:

  rtcbench both --daily-api-key KEY --livekit-url wss://my.livekit.cloud --livekit-api-key KEY --livekit-api-secret SECRET -n 600
      from here to each and back

  rtcbench both --daily-room https://my.daily.co/bench --livekit-url wss://my.livekit.cloud --livekit-token TOKEN -o both.json
      to the echoes in both rooms

  rtcbench both --daily-agent-url http://localhost:8000 --livekit-agent-url http://localhost:8001
      in rooms that two echo services make, each for its platform; --agent-url names one service for both`
}

// bothNames are the flags of both by the names that the single commands know them by.
var bothNames = map[string]map[string]string{
	"daily": {"room-url": "daily-room", "token": "daily-token", "api-key": "daily-api-key"},
	"livekit": {"server-url": "livekit-url", "token": "livekit-token", "api-key": "livekit-api-key", "api-secret": "livekit-api-secret", "room": "livekit-room",
		"agent-name": "livekit-agent-name"},
}

// Run measures both; one that fails does not keep the other from being measured.
func (cmd *bothCmd) Run(a *app) error {
	daily, livekit, err := cmd.prepare(a)
	if err != nil {
		return err
	}
	c := check{settings: a.settings}
	keep := cmd.keeper(&c)
	cmd.limitFlags.check(&c)
	if c.err != nil {
		return c.err
	}
	if livekit.inSandbox {
		server, err := sandbox.Shared()
		if err != nil {
			return err
		}
		livekit.seats.url, livekit.seats.key.Key, livekit.seats.key.Secret = server.URL, server.Key, server.Secret
	}
	began := time.Now()
	left, refused := askServices(a, &daily, &livekit)
	defer left()
	livekit.began = began
	if err := refused["daily"]; err != nil && err == refused["livekit"] { // it is one service
		return a.stopped(err)
	}
	livekit.seats.warn(a.stderr)
	daily.warn(a.stderr)
	cmd.sayAloud(a.stderr)
	on, end := cmd.watch(a, a.logger(cmd.outputFlags), bench.Plan{Count: 2 * livekit.plan.Count})
	var alone sync.Mutex // on is called by both
	each := func(s bench.Sample) {
		alone.Lock()
		defer alone.Unlock()
		if on != nil {
			on(s)
		}
	}
	runs, errs := map[string]*bench.Run{}, map[string]error{}
	var both, joined sync.WaitGroup
	// Both have joined before either begins, so that their slots are of the same moments.
	side := func(name string, measure func(context.Context, func(bench.Sample), func()) (*bench.Run, error)) {
		joined.Add(1)
		here := sync.OnceFunc(joined.Done)
		both.Go(func() {
			defer here() // also when it failed: the other one is not to wait
			run, err := measure(a.ctx, each, func() { here(); joined.Wait() })
			alone.Lock()
			runs[name], errs[name] = run, err
			alone.Unlock()
		})
	}
	dailyPlan := livekit.plan
	dailyPlan.Lossy, dailyPlan.Phase = false, livekit.plan.Cooldown/2
	options := cmd.options(browser.JoinConfig{Platform: "daily", URL: cmp.Or(daily.RoomURL, daily.APIURL), BundleURL: daily.BundleURL},
		browser.JoinConfig{Platform: "livekit", URL: livekit.seats.url})
	one := oneBrowser{start: func() (*browser.Browser, error) {
		starting, cancel := limit{livekit.within, began}.on(a.ctx)
		defer cancel()
		return browser.Start(starting, options)
	}}
	defer one.close()
	side("daily", func(ctx context.Context, on func(bench.Sample), ready func()) (*bench.Run, error) {
		if refused["daily"] != nil {
			return nil, refused["daily"]
		}
		job := browserJob{options: options, shared: one.get, plan: dailyPlan, within: livekit.within, began: began, ready: ready}
		return daily.measure(ctx, job, on)
	})
	side("livekit", func(ctx context.Context, on func(bench.Sample), ready func()) (*bench.Run, error) {
		if refused["livekit"] != nil {
			return nil, refused["livekit"]
		}
		job := livekit.inBrowser(options)
		job.shared, job.ready = one.get, ready
		run, err := job.measure(ctx, on)
		return livekit.describe(run, err)
	})
	both.Wait()
	end()
	return cmd.finishBoth(a, runs, errs, keep)
}

// askServices takes the rooms that echo services give: of one for both, or of one for each, asked at one time. left is to be
// called when they are not needed any more; refused is by platform.
func askServices(a *app, daily *dailyRoom, livekit *livekitJob) (left func(), refused map[string]error) {
	if daily.service != nil && livekit.service != nil && *daily.service == *livekit.service {
		in, leave, err := enter(a.ctx, a.stderr, livekit.service, "both", livekit.within)
		if err != nil {
			return leave, map[string]error{"daily": err, "livekit": err}
		}
		daily.accept(in)
		livekit.accept(in)
		return leave, nil
	}
	var both sync.WaitGroup
	var leaves [2]func()
	var errs [2]error
	both.Go(func() { leaves[0], errs[0] = daily.enter(a.ctx, a.stderr, livekit.within) })
	both.Go(func() { leaves[1], errs[1] = livekit.enter(a.ctx, a.stderr) })
	both.Wait()
	return func() { leaves[0](); leaves[1]() }, map[string]error{"daily": errs[0], "livekit": errs[1]}
}

func (cmd *bothCmd) prepare(a *app) (dailyRoom, livekitJob, error) {
	dailyAgent, dailyNames := cmd.agentOf(a.settings, "daily", agentFlags{cmd.DailyAgentURL, cmd.DailyAgentToken})
	livekitAgent, livekitNames := cmd.agentOf(a.settings, "livekit", agentFlags{cmd.LivekitAgentURL, cmd.LivekitAgentToken})
	c := check{settings: a.settings.renamed(dailyNames)}
	d := dailyCmd{Echo: cmd.Echo, agentFlags: dailyAgent, dailyFlags: dailyFlags{
		RoomURL: cmd.DailyRoom, Token: cmd.DailyToken, APIKey: cmd.DailyAPIKey, Geo: cmd.Geo, BundleURL: cmd.BundleURL, APIURL: cmd.APIURL,
	}}
	l := livekitCmd{Echo: cmd.Echo, agentFlags: livekitAgent, AgentName: cmd.LivekitAgentName, Timeout: cmd.Timeout, planFlags: cmd.planFlags, Channel: "reliable", Engine: "browser", outputFlags: cmd.outputFlags, livekitFlags: livekitFlags{
		ServerURL: cmd.LivekitURL, Token: cmd.LivekitToken, APIKey: cmd.LivekitAPIKey, APISecret: cmd.LivekitAPISecret, Room: cmd.LivekitRoom,
	}}
	room, err := d.room(&c)
	if err != nil {
		return room, livekitJob{}, err
	}
	job, err := l.prepare(&check{settings: a.settings.renamed(livekitNames)})
	job.plan.Aligned = true
	if err == nil && cmd.AgentToken != "" && a.settings.rank("agent-token") == byFlag && cmd.AgentURL == "" {
		err = usagef("--agent-token needs --agent-url: which service is it for?")
	}
	if err == nil && job.plan.PayloadBytes > dailyMaxMessage {
		err = a.settings.bad("payload", cmd.Payload, fmt.Sprintf("at most %d: Daily takes no longer app-message", dailyMaxMessage))
	}
	return room, job, err
}

// agentOf is the echo service of one platform, with the names that its flags have here. The platform's own is taken
// where one is named, unless the one for both platforms comes from a stronger source.
func (cmd *bothCmd) agentOf(s *settings, platform string, own agentFlags) (agentFlags, map[string]string) {
	names, url, token := maps.Clone(bothNames[platform]), platform+"-agent-url", platform+"-agent-token"
	named := own.AgentURL != "" || s.rank(url) == byFlag || s.rank(token) == byFlag
	if !named || s.rank("agent-url") > s.rank(url) {
		return cmd.agentFlags, names
	}
	names["agent-url"], names["agent-token"] = url, token
	return own, names
}

// validate is a validator's.
func (cmd *bothCmd) validate(a *app) (inSandbox bool, err error) {
	c := check{settings: a.settings}
	cmd.keeper(&c)
	cmd.limitFlags.check(&c)
	if c.err != nil {
		return false, c.err
	}
	_, livekit, err := cmd.prepare(a)
	return livekit.inSandbox, err
}
