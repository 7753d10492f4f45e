package timestream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	querytypes "github.com/aws/aws-sdk-go-v2/service/timestreamquery/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"rtcbench/bench"
	"rtcbench/internal/advice"
	"rtcbench/internal/redact"
)

// credentials are the error codes of wrong or expired credentials. With other credentials, or with a correct clock, the
// same request may succeed.
var credentials = []string{
	"ExpiredToken", "ExpiredTokenException", "RequestExpired", "RequestTimeTooSkewed", "InvalidSignatureException",
	"SignatureDoesNotMatch",
	"UnrecognizedClientException", "InvalidClientTokenId", "MissingAuthenticationToken",
	"MissingAuthenticationTokenException", "IncompleteSignature",
}

// maxReason is how many characters of the service's text are shown.
const maxReason = 600

// said is an error of the SDK without the credentials: another server at the endpoint may repeat them.
func (s *Store) said(err error) error { return s.sent.secrets().Error(err, maxReason) }

// explain turns an error of the SDK into one that says what the user can do. final says that the same request fails for
// ever: it is forbidden, or it is invalid. A missing table is not final, and neither are wrong credentials.
func (s *Store) explain(ctx context.Context, err error) (explained error, final bool) {
	err = s.said(err)
	if s.broke(err) {
		err = failed{err}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%w (the last try: %w)", ctx.Err(), err), false
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return fmt.Errorf("in region %s: %w%s", s.region, err, s.wayOut(err)), false
	}
	said := s.sent.secrets().Line(fmt.Sprintf("%s: %s", api.ErrorCode(), api.ErrorMessage()), maxReason)
	switch code := api.ErrorCode(); {
	case code == "AccessDeniedException" || code == "AccessDenied":
		return fmt.Errorf("forbidden in region %s: %s (docs/stores.md has the permissions; "+
			"accounts that did not use LiveAnalytics before June 2025 cannot)", s.region, said), true
	case code == "ValidationException":
		return errors.New(said), true
	case code == "ResourceNotFoundException":
		return fmt.Errorf("%s (in region %s%s)", said, s.region, bench.Hint("; make it: ", s.words.Init, "")), false
	case slices.Contains(credentials, code):
		return fmt.Errorf("the AWS credentials were not accepted: %s", said), false
	}
	if api.ErrorCode() == "UnknownError" { // the SDK's code for an answer that is not in AWS's format
		return fmt.Errorf("in region %s: %w%s", s.region, err, s.wayOut(err)), false
	}
	return fmt.Errorf("in region %s: %w", s.region, err), false
}

// wayOut is advice about an answer that is not from the service, or about a failed connection; "" = there is none.
func (s *Store) wayOut(err error) string {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.HTTPStatusCode() != 0 {
		return advice.Of(advice.Page(answer.Response.Response, nil, advice.Service{
			Name: "Timestream (AWS_ENDPOINT_URL)", Refusal: "does it let this machine in?",
			Missing: "is AWS_ENDPOINT_URL right?",
		}))
	}
	return advice.Of(err)
}

// broke reports whether the service answered with an error of its own. A busy service (503) does not count.
func (s *Store) broke(err error) bool {
	var answer interface{ HTTPStatusCode() int }
	return errors.As(err, &answer) && answer.HTTPStatusCode() >= 500 && answer.HTTPStatusCode() != 503
}

// failed is the error of a service that can be reached and failed at this run. It wraps bench.ErrFailed.
type failed struct{ error }

func (f failed) Unwrap() []error { return []error{bench.ErrFailed, f.error} }

// sent remembers the credentials of the last request, to hide them in errors.
type sent struct {
	last atomic.Pointer[redact.Secrets]
}

func (s *sent) note(h http.Header) {
	authorization := h.Get("Authorization")
	_, rest, _ := strings.Cut(authorization, "Credential=")
	key, _, _ := strings.Cut(rest, "/")
	secrets := redact.New(h.Get("X-Amz-Security-Token"), authorization, key)
	s.last.Store(&secrets)
}

func (s *sent) secrets() redact.Secrets {
	if last := s.last.Load(); last != nil {
		return *last
	}
	return redact.New()
}

func isValidation(err error) bool {
	var v *querytypes.ValidationException
	return errors.As(err, &v)
}
