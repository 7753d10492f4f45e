package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// mayDispatch fails where a named agent cannot be the echo of the job.
func (cmd *livekitCmd) mayDispatch(c *check, job *livekitJob) error {
	name := c.name("agent-name")
	switch {
	case job.service != nil:
		return usagef("%s and %s both say who answers; give one of them", name, c.name("agent-url"))
	case job.inSandbox:
		return usagef("%s: no agent is registered with the sandbox; name a server with --%s, and give its API key",
			name, c.flag("server-url"))
	case !job.seats.minted():
		return usagef("%s: only an API key can dispatch an agent, and %s is a token; give --%s and --%s without it",
			name, c.name("token"), c.flag("api-key"), c.flag("api-secret"))
	case cmd.Echo == "local":
		return usagef("%s local: the agent of %s answers; leave out one of the two", c.name("echo"), name)
	}
	return nil
}

// dispatch sends the agent into the job's room, before anybody of ours joins it. leave calls the agent back, and ends a
// room that is this run's alone: some agents stay until their room ends.
func (job *livekitJob) dispatch(ctx context.Context, w io.Writer) (leave func(), err error) {
	leave = func() {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
		defer cancel()
		var left error
		if job.dispatched != nil {
			left = job.dispatched.Delete(bye)
		}
		if job.fresh {
			left = join(left, job.seats.key.DeleteRoom(bye, job.seats.url, job.seats.room))
		}
		if left != nil {
			fmt.Fprintf(w, "rtcbench: %v; the server ends it with the room\n", left)
		}
	}
	asking, cancel := context.WithTimeout(ctx, job.within)
	defer cancel()
	if job.dispatched, err = job.seats.key.Dispatch(asking, job.seats.url, job.seats.room, job.agent); err != nil {
		if ctx.Err() != nil { // the order may have been taken all the same
			leave()
			err = context.Cause(ctx)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("%w (after %v; --connect-timeout waits longer)", err, job.within)
		}
		return func() {}, err
	}
	return leave, nil
}
