package daily

// Flags say which room to join, and with what right. The tags both, echo and service hold the name and the help that a
// flag has in commands that also have flags of other platforms.
type Flags struct {
	RoomURL   string `name:"room-url" short:"r" from:"DAILY_ROOM_URL" group:"where" placeholder:"URL" help:"Daily room, as https://domain.daily.co/room." both:"daily-room: Daily room." echo:"r room-url: With --platform daily: the room; --token lets into a private one."`
	Token     string `name:"token" from:"RTCBENCH_DAILY_TOKEN" group:"where" placeholder:"TOKEN" help:"Meeting token, for a private room." both:"daily-token: Meeting token, for a private room."`
	APIKey    string `name:"api-key" from:"DAILY_API_KEY" group:"where" placeholder:"KEY" help:"API key: makes a room for this run, and removes it." both:"daily-api-key: Daily API key: makes a room for this run, and removes it." service:"daily-api-key: Daily API key, to make rooms with."`
	Geo       string `name:"geo" from:"RTCBENCH_GEO" group:"where" placeholder:"REGION" help:"Region of the room that is made, as eu-central-1 (default: Daily's choice at the first join)." both:"geo: Region of the Daily room that is made." service:"geo: Region of the Daily rooms."`
	BundleURL string `name:"daily-bundle-url" from:"RTCBENCH_DAILY_BUNDLE_URL" dotenv:"no" group:"where" placeholder:"URL" help:"Where daily-js loads its call machine from, in networks that mirror Daily's CDN." both:"daily-bundle-url: Where daily-js loads its call machine from." echo:"daily-bundle-url: With --platform daily: where daily-js loads its call machine from."`
	APIURL    string `name:"daily-api-url" from:"RTCBENCH_DAILY_API_URL" dotenv:"no" group:"where" placeholder:"URL" help:"Daily's REST interface, where it is not the public one." both:"daily-api-url: Daily's REST interface." service:"daily-api-url: Daily's REST interface."`
}
