package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"rtcbench/bench"
	"rtcbench/internal/jobs"
	"rtcbench/internal/result"
	"rtcbench/internal/secrets"
	"rtcbench/internal/settings"
)

// inLambda reports whether args are those of an AWS Lambda function: none, or what the image says when nobody says
// anything, for an empty Command of a function does not clear the image's own.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
func inLambda(args []string) bool {
	return os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" && (len(args) == 0 || slices.Equal(args, []string{"--help"}))
}

const (
	secretsTimeout = 5 * time.Second
	// lambdaMargin is kept back of an invocation's time, to save and deliver what was measured.
	lambdaMargin = 8 * time.Second
	// lambdaAnswer is the largest answer that is given whole: Lambda takes 6 MB.
	lambdaAnswer = 5 << 20
)

// serveLambda answers invocations until the platform ends this process.
func serveLambda(stderr io.Writer) {
	os.Setenv("HOME", os.TempDir())
	os.Setenv("RTCBENCH_DATA_DIR", lambdaData(os.Getenv("RTCBENCH_DATA_DIR")))
	ctx, cancel := context.WithTimeout(context.Background(), secretsTimeout)
	defer cancel()
	if err := secrets.Load(ctx, settings.Clean(settings.Unquoted(os.Getenv("RTCBENCH_SSM_PREFIX")))); err != nil {
		fmt.Fprintf(stderr, "rtcbench: %v\n", err) // and each invocation says what is missing
	}
	a := &app{stdout: io.Discard, stderr: stderr, settings: settings.New(os.LookupEnv, "")}
	lambda.Start(func(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
		return a.invoke(ctx, event)
	})
}

// lambdaData is dir if a function may write there: in the folder for temporary files, or on a file system that was
// mounted (https://docs.aws.amazon.com/lambda/latest/api/API_FileSystemConfig.html). What an image says for containers
// is not.
func lambdaData(dir string) string {
	for _, writable := range []string{os.TempDir(), "/mnt"} {
		if strings.HasPrefix(filepath.Clean(dir), filepath.Clean(writable)+string(filepath.Separator)) {
			return dir
		}
	}
	return filepath.Join(os.TempDir(), "rtcbench")
}

// invoke measures what an event asks for, and answers with the result file.
func (a *app) invoke(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
	j, err := jobs.Event(event, cmp.Or(settings.Clean(settings.Unquoted(os.Getenv("RTCBENCH_PLATFORM"))), "livekit"))
	if err != nil {
		return nil, err
	}
	measuring, cancel := beforeDeadline(ctx)
	defer cancel()
	j = j.Set("output", "-").Set("quiet", "true")
	var out, said bytes.Buffer
	measured := false
	err = a.runJob(measuring, j, &out, &said, func(r bench.Record) { measured = measured || r.Counts.Answered > 0 })
	a.stderr.Write(said.Bytes())
	if err != nil {
		fmt.Fprintf(a.stderr, "rtcbench: %v\n", err)
	}
	switch code := codeOf(err); {
	// also when its time was over: /tmp does not last
	case measured && (code == exitNotKept || errors.As(err, new(unkept))):
		return nil, fmt.Errorf("measured, and not kept: %w", err)
	case code == exitOK, code == exitLimitBroken,
		// It had less time than it was told to take: what it has is the answer.
		code == exitFailed && measured && measuring.Err() != nil:
		return result.Lighten(out.Bytes(), lambdaAnswer, bench.Doubt{Code: "answer-cut", Text: fmt.Sprintf(
			"the pings are left out of this answer: with them it has more than %d MB; the stores have them",
			lambdaAnswer>>20)})
	}
	return nil, err
}

// beforeDeadline ends so long before the invocation does that what was measured can be kept.
func beforeDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	margin := min(lambdaMargin, time.Until(end)/2)
	return context.WithDeadlineCause(ctx, end.Add(-margin),
		fmt.Errorf("the function's time is over in %v: %w", margin.Round(time.Second), context.DeadlineExceeded))
}
