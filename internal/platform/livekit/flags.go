package livekit

// Flags say which server and which room to join, and with what right. The tags both and service hold the name and the
// help that a flag has in commands that also have flags of other platforms.
type Flags struct {
	ServerURL string `name:"server-url" short:"s" from:"LIVEKIT_URL" group:"where" placeholder:"URL" help:"LiveKit server, as wss://host." both:"livekit-url: LiveKit server; without it, one inside this process." service:"livekit-url: With --platform both: the LiveKit server."`
	Token     string `name:"token" short:"t" from:"LIVEKIT_TOKEN" group:"where" placeholder:"JWT" help:"Access token: one room, one participant." both:"livekit-token: LiveKit access token."`
	APIKey    string `name:"api-key" from:"LIVEKIT_API_KEY" group:"where" placeholder:"KEY" help:"API key to make tokens with." both:"livekit-api-key: LiveKit API key to make tokens with." service:"livekit-api-key: With --platform both: its API key."`
	APISecret string `name:"api-secret" from:"LIVEKIT_API_SECRET" group:"where" placeholder:"SECRET" help:"Its secret." both:"livekit-api-secret: Its secret." service:"livekit-api-secret: With --platform both: the key's secret."`
	Room      string `name:"room" from:"RTCBENCH_ROOM" group:"where" placeholder:"NAME" help:"Room to meet in, with an API key (default: a fresh one)." both:"livekit-room: LiveKit room to meet in, with an API key."`
}
