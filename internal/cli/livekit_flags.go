package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/advice"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/result"
)

// livekitFlags say which server and which room, and with what right.
type livekitFlags struct {
	ServerURL string `short:"s" from:"LIVEKIT_URL" group:"where" placeholder:"URL" help:"LiveKit server, as wss://host."`
	Token     string `short:"t" from:"LIVEKIT_TOKEN" group:"where" placeholder:"JWT" help:"Access token: one room, one participant."`
	APIKey    string `name:"api-key" from:"LIVEKIT_API_KEY" group:"where" placeholder:"KEY" help:"API key to make tokens with."`
	APISecret string `name:"api-secret" from:"LIVEKIT_API_SECRET" group:"where" placeholder:"SECRET" help:"Its secret."`
	Room      string `from:"RTCBENCH_ROOM" group:"where" placeholder:"NAME" help:"Room to meet in, with an API key (default: a fresh one)."`
}

var livekitSchemes = []string{"wss", "ws", "https", "http"}

// seats hands out the right to join one room on one server.
type seats struct {
	url   string
	room  string // "" = only the token knows
	token string // the one that the user gave; "" = tokens are minted with key
	key   livekit.Key
	life  time.Duration

	doubts []string // about the token
}

// seats reads the flags that say where. hasServer is false when none is named.
func (f *livekitFlags) seats(c *check) (s seats, hasServer bool) {
	s.room = c.label("room", f.Room, 256)
	c.given(map[string]string{"server-url": f.ServerURL, "token": f.Token, "api-key": f.APIKey, "api-secret": f.APISecret})
	if f.ServerURL == "" {
		for _, flag := range []string{"token", "api-key", "api-secret"} {
			if c.rank(flag) == byFlag && c.err == nil {
				c.err = usagef("--%s needs --server-url (or LIVEKIT_URL): which server is it for?", flag)
			}
		}
		return s, false
	}
	s.url = strings.TrimRight(result.CleanURL(c.serverURL("server-url", f.ServerURL, livekitSchemes...)), "/")
	hasKey := f.APIKey != "" && f.APISecret != ""
	// The stronger source wins; within one source the token does.
	useToken := f.Token != "" && c.rank("token") >= max(c.rank("api-key"), c.rank("api-secret"))
	switch {
	case c.err != nil:
	case useToken:
		s.token = f.Token
		refused, doubts := livekit.Read(f.Token, time.Now())
		for _, doubt := range doubts {
			s.doubts = append(s.doubts, c.name("token")+" looks wrong: "+doubt)
		}
		if refused != "" {
			c.err = usagef("%s cannot be used: %s", c.name("token"), refused)
		}
		if f.Room != "" && c.rank("room") == byFlag {
			c.err = usagef("--room %s: the token already names its room; leave out --room, or give --api-key and --api-secret", shownName(f.Room))
		}
		s.room = ""
	case hasKey:
		s.key = livekit.Key{Key: f.APIKey, Secret: f.APISecret}
	case f.APIKey != "" || f.APISecret != "":
		missing := "--api-secret (or LIVEKIT_API_SECRET)"
		if f.APIKey == "" {
			missing = "--api-key (or LIVEKIT_API_KEY)"
		}
		c.err = usagef("%s is missing: an API key and its secret go together", missing)
	default:
		c.err = usagef("%s %s: give --token (or LIVEKIT_TOKEN), or --api-key and --api-secret (LIVEKIT_API_KEY, LIVEKIT_API_SECRET)", c.name("server-url"), result.CleanURL(f.ServerURL))
	}
	return s, true
}

// warn tells what looks wrong with the token. It is tried all the same.
func (s seats) warn(w io.Writer) {
	for _, d := range s.doubts {
		fmt.Fprintf(w, "rtcbench: %s; trying it all the same\n", d)
	}
}

// minted reports whether tokens are made here, as many as are wanted.
func (s seats) minted() bool { return s.token == "" }

// identity names a participant of ours; nobody else has it.
func identity(role string) string { return "rtcbench-" + role + "-" + strings.ToLower(rand.Text()[:8]) }

// take makes the room, as seen by one participant.
func (s seats) take(identity string) (bench.Room, error) {
	room := bench.Room{URL: s.url, Name: s.room, Token: s.token}
	if !s.minted() {
		return room, nil
	}
	var err error
	room.Token, err = s.key.MintOwn(s.room, identity, s.life)
	return room, err
}

// join takes a seat within the limit, and explains a failure.
func (s seats) join(ctx context.Context, identity string, by limit, opts bench.JoinOptions) (bench.Session, error) {
	room, err := s.take(identity)
	if err != nil {
		return nil, err
	}
	joining, cancel := by.on(ctx)
	defer cancel()
	opts.Identity = identity
	session, err := livekit.Transport{}.Join(joining, room, opts)
	var late *livekit.LateError
	if errors.As(err, &late) && joining.Err() != nil {
		late.After = by.within
	}
	switch {
	case err == nil:
		return session, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.As(err, &late) && late.Waiting == bench.StepICE:
		err = fmt.Errorf("%w; the native engine needs UDP, or a TURN server: --engine browser also goes over TCP; --connect-timeout waits longer", late)
	case errors.As(err, &late):
		err = fmt.Errorf("%w; --connect-timeout waits longer", late)
	case errors.Is(err, context.DeadlineExceeded): // it had not begun
		err = fmt.Errorf("no time was left for it in %v; --connect-timeout waits longer", by.within)
	}
	var request *url.Error // it repeats the whole URL of the SDK's own making
	if errors.As(err, &request) {
		err = request.Err
	}
	return nil, fmt.Errorf("join %s: %w%s", s, err, advice.Of(err))
}

// String names the room for a person.
func (s seats) String() string {
	server := result.CleanURL(s.url)
	if s.room == "" {
		return "the token's room at " + server
	}
	return fmt.Sprintf("room %q at %s", s.room, server)
}
