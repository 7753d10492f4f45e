package main

// allowed says what each package may import of this module and of others, beside the standard
// library. A package that is not here is a new room in the house: think about where it stands.
// A line begins with a package; what it may import follows, also on the indented lines below it.
const allowed = `
rtcbench: rtcbench/internal/cli
rtcbench/internal/stats:
rtcbench/bench: rtcbench/internal/stats github.com/HdrHistogram/hdrhistogram-go github.com/google/uuid
rtcbench/internal/recorder: rtcbench/bench rtcbench/internal/stats github.com/google/uuid
rtcbench/internal/ping: rtcbench/bench rtcbench/internal/recorder
rtcbench/internal/audio: rtcbench/bench rtcbench/internal/recorder
rtcbench/internal/voice: rtcbench/bench
rtcbench/internal/loopback: rtcbench/bench
rtcbench/internal/benchtest: rtcbench/bench rtcbench/internal/stats github.com/google/uuid github.com/gofrs/flock
	go.uber.org/goleak golang.org/x/sync
rtcbench/internal/echo: rtcbench/bench rtcbench/internal/audio rtcbench/internal/ping rtcbench/internal/advice
	rtcbench/internal/redact github.com/prometheus/client_golang golang.org/x/time github.com/hashicorp/golang-lru/v2
rtcbench/internal/result: rtcbench/bench rtcbench/internal/redact rtcbench/internal/stats rtcbench/internal/voice
	github.com/google/uuid
	github.com/go-json-experiment/json golang.org/x/text/encoding/unicode golang.org/x/text/transform
rtcbench/internal/report: rtcbench/bench rtcbench/internal/result rtcbench/internal/stats rtcbench/internal/voice
	github.com/charmbracelet/lipgloss
rtcbench/internal/sandbox/options:
rtcbench/internal/sandbox: rtcbench/internal/sandbox/options github.com/livekit/livekit-server
	github.com/livekit/protocol github.com/pion/stun/v3
rtcbench/internal/sandbox/sandboxtest: rtcbench/internal/sandbox/options rtcbench/internal/benchtest
	rtcbench/internal/audio github.com/gorilla/websocket github.com/livekit google.golang.org/protobuf github.com/pion
rtcbench/internal/sandbox/sandboxtest/server: rtcbench/internal/sandbox
rtcbench/internal/advice: rtcbench/bench rtcbench/internal/redact golang.org/x/net/idna
rtcbench/internal/platform/livekit: rtcbench/bench rtcbench/internal/advice rtcbench/internal/redact
	github.com/livekit/server-sdk-go/v2 github.com/livekit/protocol github.com/pion/webrtc/v4
	github.com/pion/interceptor github.com/pion/rtp github.com/pion/rtcp github.com/golang-jwt/jwt/v5
	github.com/twitchtv/twirp
rtcbench/internal/store/sqlite: rtcbench/bench rtcbench/internal/files rtcbench/internal/stats rtcbench/internal/result
	modernc.org/sqlite
	rtcbench/internal/store/rollup
rtcbench/internal/store/rollup: rtcbench/bench rtcbench/internal/stats
rtcbench/internal/store/postgres: rtcbench/bench rtcbench/internal/advice rtcbench/internal/redact
	rtcbench/internal/result
	rtcbench/internal/stats rtcbench/internal/store/rollup github.com/jackc/pgx/v5 github.com/google/uuid
rtcbench/internal/postgrestest:
rtcbench/internal/outbox: rtcbench/bench rtcbench/internal/result golang.org/x/sys/unix
rtcbench/internal/browser/contract: rtcbench/bench
rtcbench/tools/contract: rtcbench/bench rtcbench/internal/dashboard rtcbench/internal/browser/contract
	rtcbench/internal/live rtcbench/internal/result
rtcbench/internal/browser: rtcbench/bench rtcbench/internal/advice rtcbench/internal/browser/contract
	rtcbench/internal/environment rtcbench/internal/recorder rtcbench/internal/stats rtcbench/web
	rtcbench/internal/scratch github.com/chromedp/chromedp github.com/chromedp/cdproto golang.org/x/net
	github.com/google/uuid
rtcbench/internal/scratch: github.com/gofrs/flock
rtcbench/internal/lab: rtcbench/bench rtcbench/internal/redact rtcbench/internal/settings rtcbench/internal/stats
	github.com/vishvananda/netlink go.yaml.in/yaml/v3 golang.org/x/sys/unix
rtcbench/web:
rtcbench/internal/platform/daily: rtcbench/bench rtcbench/internal/advice rtcbench/internal/platform/daily/standin
	rtcbench/internal/redact
rtcbench/internal/platform/daily/standin: github.com/gorilla/websocket github.com/pion/rtp github.com/pion/webrtc/v4
rtcbench/internal/redact:
rtcbench/internal/store/influx: rtcbench/bench rtcbench/internal/advice rtcbench/internal/redact
	rtcbench/internal/result github.com/influxdata/line-protocol
rtcbench/internal/store/timestream: rtcbench/bench rtcbench/internal/advice rtcbench/internal/redact
	rtcbench/internal/result github.com/aws/aws-sdk-go-v2 github.com/aws/smithy-go
rtcbench/internal/mototest:
rtcbench/internal/campaign:
rtcbench/internal/secrets: rtcbench/internal/environment rtcbench/internal/redact github.com/aws/aws-sdk-go-v2
rtcbench/internal/schedule: rtcbench/bench rtcbench/internal/result github.com/prometheus/client_golang
rtcbench/internal/dashboard: rtcbench/bench rtcbench/internal/archive rtcbench/internal/live rtcbench/internal/report
	rtcbench/internal/result rtcbench/internal/selection rtcbench/internal/settings rtcbench/internal/stats
	rtcbench/internal/recent golang.org/x/time
rtcbench/internal/drawing: golang.org/x/image
rtcbench/internal/files:
rtcbench/internal/pictures: rtcbench/bench rtcbench/internal/dashboard rtcbench/internal/drawing
	rtcbench/internal/files rtcbench/internal/report
rtcbench/internal/recent: rtcbench/bench
rtcbench/internal/dotenv:
rtcbench/internal/live: rtcbench/bench github.com/google/uuid
rtcbench/internal/environment:
rtcbench/internal/health: rtcbench/bench rtcbench/internal/advice rtcbench/internal/settings
rtcbench/internal/fleet: rtcbench/bench github.com/nats-io/nkeys
rtcbench/internal/fleet/call: rtcbench/internal/advice rtcbench/internal/fleet rtcbench/internal/redact
rtcbench/internal/fleet/hub: rtcbench/bench rtcbench/internal/files rtcbench/internal/fleet rtcbench/internal/live
	rtcbench/internal/outbox rtcbench/internal/result github.com/gofrs/flock github.com/prometheus/client_golang
	github.com/gorilla/websocket github.com/nats-io
rtcbench/internal/fleet/runner: rtcbench/bench rtcbench/internal/echo rtcbench/internal/fleet rtcbench/internal/live
	rtcbench/internal/measure rtcbench/internal/outbox rtcbench/internal/redact rtcbench/internal/result
	rtcbench/internal/schedule github.com/nats-io github.com/prometheus/client_golang
rtcbench/internal/fleet/orders: rtcbench/bench rtcbench/internal/fleet rtcbench/internal/jobs
	rtcbench/internal/measure rtcbench/internal/platform/daily rtcbench/internal/settings
rtcbench/internal/fleet/demo: rtcbench/bench rtcbench/internal/fleet rtcbench/internal/measure
	rtcbench/internal/outbox rtcbench/internal/platform/livekit rtcbench/internal/sandbox rtcbench/internal/lab
	rtcbench/internal/lab/stage rtcbench/internal/scratch
rtcbench/internal/signals:
rtcbench/internal/settings: rtcbench/internal/dotenv rtcbench/internal/redact
rtcbench/internal/jobs: rtcbench/internal/result rtcbench/internal/schedule rtcbench/internal/settings
	go.yaml.in/yaml/v3
rtcbench/internal/selection: rtcbench/bench rtcbench/internal/archive rtcbench/internal/result
	rtcbench/internal/settings
rtcbench/internal/stores: rtcbench/bench rtcbench/internal/environment rtcbench/internal/keep
	rtcbench/internal/outbox rtcbench/internal/settings rtcbench/internal/store
rtcbench/internal/progress: rtcbench/bench github.com/schollz/progressbar/v3 golang.org/x/term
rtcbench/internal/floors: rtcbench/internal/environment rtcbench/internal/keep rtcbench/internal/measure
rtcbench/internal/lab/witness: rtcbench/bench rtcbench/internal/audio rtcbench/internal/ping
rtcbench/internal/lab/stage: rtcbench/bench rtcbench/internal/lab rtcbench/internal/sandbox rtcbench/internal/scratch
	rtcbench/internal/platform rtcbench/internal/turn rtcbench/internal/browser rtcbench/internal/measure
rtcbench/internal/commandline: rtcbench/internal/settings github.com/alecthomas/kong
rtcbench/internal/commandline/flags: rtcbench/bench rtcbench/internal/advice rtcbench/internal/audio
	rtcbench/internal/browser rtcbench/internal/echo rtcbench/internal/environment rtcbench/internal/keep
	rtcbench/internal/measure rtcbench/internal/platform/daily rtcbench/internal/platform/livekit
	rtcbench/internal/progress rtcbench/internal/redact rtcbench/internal/report rtcbench/internal/settings
	rtcbench/internal/voice rtcbench/internal/archive rtcbench/internal/commandline/hints rtcbench/internal/outbox
	rtcbench/internal/selection rtcbench/internal/stores rtcbench/internal/live rtcbench/internal/fleet
	rtcbench/internal/turn rtcbench/internal/files rtcbench/internal/pictures
rtcbench/internal/commandline/hints: rtcbench/bench rtcbench/internal/advice rtcbench/internal/archive
	rtcbench/internal/browser rtcbench/internal/keep rtcbench/internal/measure rtcbench/internal/outbox
	rtcbench/internal/result rtcbench/internal/selection rtcbench/internal/settings rtcbench/internal/stores
rtcbench/internal/archive: rtcbench/bench rtcbench/internal/stats rtcbench/internal/outbox rtcbench/internal/report
	rtcbench/internal/result
rtcbench/internal/keep: rtcbench/bench rtcbench/internal/files rtcbench/internal/outbox rtcbench/internal/result
	rtcbench/internal/scratch
rtcbench/internal/function: rtcbench/bench rtcbench/internal/environment rtcbench/internal/result
	rtcbench/internal/secrets rtcbench/internal/settings github.com/aws/aws-lambda-go
rtcbench/internal/cli: rtcbench github.com/alecthomas/kong github.com/jotaen/kong-completion
rtcbench/tools/figures: rtcbench github.com/livekit/server-sdk-go/v2 github.com/livekit/protocol github.com/pion/rtp
	github.com/pion/webrtc/v4 github.com/chromedp/chromedp github.com/nats-io/nats.go
rtcbench/tools/accuracy: rtcbench/bench rtcbench/internal/drawing rtcbench/internal/lab rtcbench/internal/stats
rtcbench/internal/lab/analysis: rtcbench/bench rtcbench/internal/audio rtcbench/internal/lab
	rtcbench/internal/report rtcbench/internal/result rtcbench/internal/stats rtcbench/internal/turn
rtcbench/tools/crossvet: golang.org/x/tools
rtcbench/internal/platform: rtcbench/bench rtcbench/internal/platform rtcbench/internal/sandbox
rtcbench/internal/turn: rtcbench/bench rtcbench/internal/audio rtcbench/internal/redact rtcbench/internal/stats
	rtcbench/internal/files rtcbench/internal/settings rtcbench/internal/turn github.com/pion/opus
rtcbench/internal/turn/utterances:
rtcbench/tools/turns: rtcbench/bench rtcbench/internal/platform/livekit rtcbench/internal/sandbox rtcbench/internal/turn
rtcbench/internal/measure: rtcbench/bench rtcbench/internal/live rtcbench/internal/ping rtcbench/internal/stats
	rtcbench/internal/result rtcbench/internal/audio rtcbench/internal/browser rtcbench/internal/echo
	rtcbench/internal/loopback rtcbench/internal/recorder rtcbench/internal/turn github.com/google/uuid
`
