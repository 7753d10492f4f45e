// Package function is what AWS Lambda is to a measurement: its folders, its secrets, its time, and the size of an
// answer. What is measured is none of its business.
package function

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"rtcbench/bench"
	"rtcbench/internal/environment"
	"rtcbench/internal/result"
	"rtcbench/internal/secrets"
	"rtcbench/internal/settings"
)

const (
	secretsTimeout = 5 * time.Second
	// margin is kept back of an invocation's time, to save and deliver what was measured.
	margin = 8 * time.Second
	// most is the largest answer that is given whole: Lambda takes 6 MB.
	most = 5 << 20
)

// Asked reports whether args are those of an AWS Lambda function: none, or what the image says when nobody says
// anything, for an empty Command of a function does not clear the image's own.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
func Asked(e environment.Environment, args []string) bool {
	return e.Get("AWS_LAMBDA_RUNTIME_API") != "" && (len(args) == 0 || slices.Equal(args, []string{"--help"}))
}

// Prepare sets the variables of a function: its folders, and the settings that are secrets. An error of those leaves
// the rest as it is.
func Prepare(e environment.Environment, set environment.Setter) error {
	set("HOME", os.TempDir())
	set("RTCBENCH_DATA_DIR", dataFolder(e.Get("RTCBENCH_DATA_DIR")))
	ctx, cancel := context.WithTimeout(context.Background(), secretsTimeout)
	defer cancel()
	return secrets.Load(ctx, settings.Clean(settings.Unquoted(e.Get("RTCBENCH_SSM_PREFIX"))), e, set)
}

// dataFolder is dir if a function may write there: in the folder for temporary files, or on a file system that was
// mounted (https://docs.aws.amazon.com/lambda/latest/api/API_FileSystemConfig.html). What an image says for containers
// is not.
func dataFolder(dir string) string {
	for _, writable := range []string{os.TempDir(), "/mnt"} {
		if strings.HasPrefix(filepath.Clean(dir), filepath.Clean(writable)+string(filepath.Separator)) {
			return dir
		}
	}
	return filepath.Join(os.TempDir(), "rtcbench")
}

// Serve answers invocations until the platform ends this process.
func Serve(invoke func(ctx context.Context, event json.RawMessage) (json.RawMessage, error)) {
	lambda.Start(invoke)
}

// BeforeDeadline ends so long before the invocation does that what was measured can be kept.
func BeforeDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	before := min(margin, time.Until(end)/2)
	return context.WithDeadlineCause(ctx, end.Add(-before),
		fmt.Errorf("the function's time is over in %v: %w", before.Round(time.Second), context.DeadlineExceeded))
}

// Answer is a result file as Lambda takes it: without the pings where those are too many.
func Answer(file []byte) (json.RawMessage, error) {
	return result.Lighten(file, most, bench.Doubt{Code: "answer-cut", Text: fmt.Sprintf(
		"the pings are left out of this answer: with them it has more than %d MB; the stores have them", most>>20)})
}
