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

// credentials are the codes by which AWS says that it does not know who asks, or not any more: with other
// credentials, or a clock that is right, the same request passes.
var credentials = []string{
	"ExpiredToken", "ExpiredTokenException", "RequestExpired", "RequestTimeTooSkewed", "InvalidSignatureException",
	"SignatureDoesNotMatch",
	"UnrecognizedClientException", "InvalidClientTokenId", "MissingAuthenticationToken",
	"MissingAuthenticationTokenException", "IncompleteSignature",
}

// maxReason bounds what is shown of what the service said.
const maxReason = 600

// said is an error of the SDK without the credentials, which a server in the service's place may repeat.
func (s *Store) said(err error) error { return s.sent.secrets().Error(err, maxReason) }

// explain makes an error of the SDK one that a user can act on. It is final when the same request
// would fail for ever: it is forbidden, or not what the service takes. A table that is not there can
// be made, and credentials can be renewed.
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
	if api.ErrorCode() == "UnknownError" { // the SDK's word for an answer that is not of AWS's form
		return fmt.Errorf("in region %s: %w%s", s.region, err, s.wayOut(err)), false
	}
	return fmt.Errorf("in region %s: %w", s.region, err), false
}

// wayOut is an advice for an answer that is none of the service's, or for a connection that did not come about; "" =
// there is none.
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

// broke reports whether the service answered that it failed; that it has no time is another thing.
func (s *Store) broke(err error) bool {
	var answer interface{ HTTPStatusCode() int }
	return errors.As(err, &answer) && answer.HTTPStatusCode() >= 500 && answer.HTTPStatusCode() != 503
}

// failed is an error by which the service failed at one run.
type failed struct{ error }

func (f failed) Unwrap() []error { return []error{bench.ErrFailed, f.error} }

// sent remembers the credentials of the last request.
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
