package stage

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/browser"
	"rtcbench/internal/lab"
	"rtcbench/internal/measure"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/platform/daily/standin"
)

// cloud is the address of the stand-in for Daily's cloud in a lab.
var cloud = net.JoinHostPort(lab.SFU.Address(), strconv.Itoa(port))

// dailyRoom is the lab's room, where the lab plays Daily.
var dailyRoom = bench.Place{URL: standin.RoomURL(cloud, room), Bundle: standin.BundleURL(cloud)}

// reachesDaily are the variables that name a Daily room to a command in the lab.
func reachesDaily() []string {
	return []string{"DAILY_ROOM_URL=" + dailyRoom.URL, "RTCBENCH_DAILY_BUNDLE_URL=" + dailyRoom.Bundle}
}

// serveDaily runs the stand-in for Daily's cloud in a lab until ctx ends.
func serveDaily(ctx context.Context, w io.Writer) error {
	server, err := standin.StartAt(cloud)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, Ready+server.AddRoom(room))
	<-ctx.Done()
	return server.Close()
}

// inPage takes the seat of a Daily room's agent, by a page of a browser of its own.
func (a Answerer) inPage(ctx context.Context) (line bench.Line, leave func(), err error) {
	if err := browser.Check(a.Browser); err != nil {
		return nil, nil, err
	}
	return measure.Page(ctx, a.Browser, daily.Platform, dailyRoom, daily.NewMeeting(dailyRoom, 24*time.Hour), a.Within)
}
