package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/browser"
	"rtcbench/internal/echo"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/platform/daily/standin"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
)

// dailyFlags say which room, and with what right.
type dailyFlags struct {
	RoomURL   string `short:"r" from:"DAILY_ROOM_URL" group:"where" placeholder:"URL" help:"Daily room, as https://domain.daily.co/room."`
	Token     string `from:"RTCBENCH_DAILY_TOKEN" group:"where" placeholder:"TOKEN" help:"Meeting token, for a private room."`
	APIKey    string `name:"api-key" from:"DAILY_API_KEY" group:"where" placeholder:"KEY" help:"API key: makes a room for this run, and removes it."`
	Geo       string `from:"RTCBENCH_GEO" group:"where" placeholder:"REGION" help:"Region of the room that is made, as eu-central-1 (default: Daily's choice at the first join)."`
	BundleURL string `name:"daily-bundle-url" from:"RTCBENCH_DAILY_BUNDLE_URL" dotenv:"no" group:"where" placeholder:"URL" help:"Where daily-js loads its call machine from, in networks that mirror Daily's CDN."`
	APIURL    string `name:"daily-api-url" from:"RTCBENCH_DAILY_API_URL" dotenv:"no" group:"where" placeholder:"URL" help:"Daily's REST interface, where it is not the public one."`
}

type dailyCmd struct {
	dailyFlags
	agentFlags
	Timeout string `short:"t" from:"TIMEOUT_MS" group:"what" default:"5000" placeholder:"5000" help:"Milliseconds after which a pong is too late."`
	planFlags
	Echo string `from:"RTCBENCH_ECHO" group:"where" enum:"auto,local,remote" default:"auto" placeholder:"auto" help:"Who answers: local (a second page of this browser), remote, or auto: local in a room of our own making."`
	chromeFlags

	outputFlags
	storeFlags
	limitFlags
}

// Help is shown by --help below the flags' summary.
func (dailyCmd) Help() string {
	return `Daily's own JavaScript SDK joins the room in a Chromium without a window, audio and video off, and sends app-messages, which Daily carries on its signalling WebSocket.

Examples:

  rtcbench daily --api-key KEY --geo eu-central-1
      a room for this run, from here to Daily and back; removed at the end

  rtcbench daily -r https://my.daily.co/bench -n 600 -o result.json
      to whoever answers in that room

  rtcbench daily --agent-url https://echo.example.com --agent-token TOKEN
      to an echo far away, in a room that its service makes for this run

  rtcbench daily -r https://my.daily.co/bench --echo local
      answer from a second seat in that room, which is public`
}

// Run measures.
func (cmd *dailyCmd) Run(a *app) error {
	plan, within, keep, room, err := cmd.prepare(a)
	if err != nil {
		return err
	}
	began := time.Now()
	leave, err := room.enter(a.ctx, a.stderr, within)
	if err != nil {
		return a.stopped(err)
	}
	defer leave()
	cmd.warn(a.stderr)
	cmd.sayAloud(a.stderr)
	on, end := cmd.watch(a, a.logger(cmd.outputFlags), plan)
	run, err := room.measure(a.ctx, browserJob{options: cmd.options(), plan: plan, within: within, began: began}, on)
	end()
	if run == nil {
		return a.stopped(err)
	}
	run.Location = cmd.Location
	loadFloors().put(run)
	return cmd.finish(a, *run, err, cmd.limitFlags, keep)
}

// prepare reads the flags.
func (cmd *dailyCmd) prepare(a *app) (plan bench.Plan, within time.Duration, keep keeper, room dailyRoom, err error) {
	c := check{settings: a.settings}
	plan, within, keep = cmd.plan(&c, cmd.Timeout), cmd.connectTimeout(&c, true), cmd.keeper(&c)
	cmd.limitFlags.check(&c)
	if plan.PayloadBytes > dailyMaxMessage {
		c.fail("payload", cmd.Payload, fmt.Sprintf("at most %d: Daily takes no longer app-message", dailyMaxMessage))
	}
	if room, err = cmd.room(&c); err == nil {
		err = cmd.outputFlags.check(&c)
	}
	return plan, within, keep, room, err
}

// validate finds out what is wrong with the flags.
func (cmd *dailyCmd) validate(a *app) (inSandbox bool, err error) {
	_, _, _, _, err = cmd.prepare(a)
	return false, err
}

const dailyMaxMessage = daily.MaxMessage

// dailyRoom is a room that was named, or one to be made.
type dailyRoom struct {
	dailyFlags
	client  *daily.Client // nil = the room is there already
	local   bool
	service *service // who gives the room; nil = it is known
	entered bool     // it has given it
}

// enter asks the service, if there is one that was not asked yet; leave is as that of enter.
func (r *dailyRoom) enter(ctx context.Context, w io.Writer, within time.Duration) (leave func(), err error) {
	if r.service == nil || r.entered {
		return func() {}, nil
	}
	in, leave, err := enter(ctx, w, r.service, "daily", within)
	if err == nil {
		r.accept(in)
	}
	return leave, err
}

// accept takes the room that a service gave. Its URL may carry a token, as Daily's links may.
func (r *dailyRoom) accept(in echo.Invitation) {
	if u, err := url.Parse(in.Daily.URL); err == nil {
		r.Token = u.Query().Get("t")
	}
	r.RoomURL, r.entered = result.CleanURL(in.Daily.URL), true
}

func (cmd *dailyCmd) room(c *check) (dailyRoom, error) {
	r := dailyRoom{dailyFlags: cmd.dailyFlags}
	if cmd.Geo != "" && !region.MatchString(cmd.Geo) {
		c.fail("geo", cmd.Geo, "the name of a region, as "+strings.Join(daily.Regions, ", "))
	}
	for flag, value := range map[string]*string{"daily-bundle-url": &r.BundleURL, "daily-api-url": &r.APIURL} {
		if *value != "" {
			*value = c.serverURL(flag, *value, "https", "http")
		}
	}
	if u, err := url.Parse(r.APIURL); err == nil && u.Scheme == "http" && c.err == nil && !onThisMachine(u.Hostname()) {
		c.err = usagef("%s %s: the API key would travel in clear; use https, or a proxy on this machine", c.name("daily-api-url"), result.CleanURL(r.APIURL))
	}
	c.given(map[string]string{"room-url": cmd.RoomURL, "token": cmd.Token, "api-key": cmd.APIKey})
	if r.service = cmd.service(c, map[string]string{"room-url": cmd.RoomURL, "api-key": cmd.APIKey}); r.service != nil {
		r.RoomURL, r.Token = "", ""
		if cmd.Echo == "local" && c.err == nil {
			c.err = usagef("%s local: the echo service answers; leave out --echo, or %s", c.name("echo"), c.name("agent-url"))
		}
		return r, c.err
	}
	// The stronger source wins; within one source the room does.
	switch {
	case cmd.RoomURL != "" && (cmd.APIKey == "" || c.rank("room-url") >= c.rank("api-key")):
		r.RoomURL = c.serverURL("room-url", cmd.RoomURL, "https", "http")
		if u, err := url.Parse(r.RoomURL); c.err == nil && err == nil {
			if strings.Trim(u.Path, "/") == "" {
				c.failAs("room-url", strconv.Quote(result.CleanURL(r.RoomURL)), "the URL of a room, as https://domain.daily.co/room")
			}
			if t := u.Query().Get("t"); t != "" && r.Token == "" {
				r.Token = t // Daily's links may carry the token
			}
			r.RoomURL = result.CleanURL(r.RoomURL)
		}
		r.local = cmd.Echo == "local"
		if cmd.Geo != "" && c.err == nil {
			c.err = usagef("%s %s: the region belongs to a room that is made; leave out --room-url, or --geo", c.name("geo"), cmd.Geo)
		}
		if r.local && r.Token != "" && c.err == nil {
			c.err = usagef("%s local: a token is one participant, and the echo is a second; give --api-key alone, or start rtcbench echo", c.name("echo"))
		}
	case cmd.APIKey != "":
		r.RoomURL, r.Token, r.local = "", "", cmd.Echo != "remote"
		r.client = &daily.Client{API: r.APIURL, Key: cmd.APIKey}
		if cmd.Echo == "remote" && c.err == nil {
			c.err = usagef("%s remote: a fresh room has no echo in it; name its room with --room-url", c.name("echo"))
		}
	default:
		if c.err == nil {
			c.err = usagef("which room? give --room-url (or DAILY_ROOM_URL), or --api-key (or DAILY_API_KEY) to have one made")
		}
	}
	return r, c.err
}

// region is what a region's name can look like.
var region = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// warn tells of a region that may not be one: the list is of one day, and Daily's answer decides.
func (f dailyFlags) warn(w io.Writer) {
	if f.Geo != "" && !slices.Contains(daily.Regions, f.Geo) {
		fmt.Fprintf(w, "rtcbench: --geo %s is not among the regions that rtcbench knows of (%s); Daily decides\n", f.Geo, strings.Join(daily.Regions, ", "))
	}
}

// onThisMachine reports whether host is this machine.
func onThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// The removal of a room is bounded, which happens also after an error or Ctrl-C: then somebody waits for the end.
const (
	removeTimeout = 15 * time.Second
	removeAtOnce  = 2 * time.Second
)

func (r dailyRoom) measure(ctx context.Context, job browserJob, on func(bench.Sample)) (run *bench.Run, err error) {
	tokens := map[string]string{"runner": r.Token, "echo": r.Token}
	job.options.Rooms = append(job.options.Rooms, browser.JoinConfig{Platform: "daily", URL: cmp.Or(r.RoomURL, r.APIURL), BundleURL: r.BundleURL})
	name := "" // of the room that was made
	if r.client != nil {
		job.prepare = func(ctx context.Context) (err error) {
			life := time.Now().Add(longest(job.plan) + 10*time.Minute)
			made, err := r.client.CreateRoom(ctx, identity("room"), life, r.Geo)
			if err != nil {
				return err
			}
			name, r.RoomURL = made.Name, made.URL
			job.where = "Daily room " + result.CleanURL(r.RoomURL)
			for role := range tokens {
				if tokens[role], err = r.client.CreateToken(ctx, made.Name, "rtcbench-"+role, life); err != nil {
					return err
				}
			}
			return nil
		}
		defer func() {
			if name == "" {
				return
			}
			limit := removeTimeout
			if run == nil || ctx.Err() != nil {
				limit = removeAtOnce
			}
			bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
			defer cancel()
			switch e := r.client.DeleteRoom(bye, name); {
			case e == nil:
			case run != nil:
				run.Doubts = append(run.Doubts, bench.Doubt{Code: "room-left", Text: e.Error() + "; it ends by itself"})
			default:
				err = fmt.Errorf("%w; %w; it ends by itself", err, e)
			}
		}()
	}
	job.local, job.where = r.local, "Daily room "+result.CleanURL(r.RoomURL)
	job.config = func(role string) (browser.JoinConfig, error) {
		return browser.JoinConfig{Platform: "daily", URL: r.RoomURL, Token: tokens[role], BundleURL: r.BundleURL, UserName: identity(role)}, nil
	}
	run, err = job.measure(ctx, on)
	if run == nil {
		return nil, err
	}
	run.Platform, run.RoomURL = "daily", r.RoomURL
	run.Facts.Geo = r.Geo
	if errors.Is(err, bench.ErrNoEcho) && r.service == nil {
		err = fmt.Errorf("join %s: %w (is an echo in that room? --echo local answers from here)", job.where, err)
		run.Err = err
	}
	if run.Facts.SFU == standin.SFU {
		run.Standin = true
	}
	if t := run.Facts.Topology; t != "" && t != "none" && t != "sfu" { // none is not known
		run.Doubts = append(run.Doubts, bench.Doubt{Code: "topology", Text: fmt.Sprintf("Daily's topology is %q, not the usual \"sfu\": this is another path", report.Printable(t))})
	}
	return run, err
}
