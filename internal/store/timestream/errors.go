package timestream

import (
	"context"
	"errors"
	"fmt"
	"slices"

	querytypes "github.com/aws/aws-sdk-go-v2/service/timestreamquery/types"
	"github.com/aws/smithy-go"
)

// credentials are the codes by which AWS says that it does not know who asks, or not any more: with other
// credentials, or a clock that is right, the same request passes.
var credentials = []string{
	"ExpiredToken", "ExpiredTokenException", "RequestExpired", "RequestTimeTooSkewed", "InvalidSignatureException", "SignatureDoesNotMatch",
	"UnrecognizedClientException", "InvalidClientTokenId", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "IncompleteSignature",
}

// explain makes an error of the SDK one that a user can act on. It is final when the same request
// would fail for ever: it is forbidden, or not what the service takes. A table that is not there can
// be made, and credentials can be renewed.
func (s *Store) explain(ctx context.Context, err error) (explained error, final bool) {
	if ctx.Err() != nil {
		return fmt.Errorf("%w (the last try: %w)", ctx.Err(), err), false
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return fmt.Errorf("in region %s: %w", s.region, err), false
	}
	said := fmt.Sprintf("%s: %s", api.ErrorCode(), api.ErrorMessage())
	switch code := api.ErrorCode(); {
	case code == "AccessDeniedException" || code == "AccessDenied":
		return fmt.Errorf("forbidden in region %s: %s (docs/stores.md has the permissions; accounts that did not use LiveAnalytics before June 2025 cannot)", s.region, said), true
	case code == "ValidationException":
		return errors.New(said), true
	case code == "ResourceNotFoundException":
		return fmt.Errorf("%s (in region %s; make it: rtcbench store init)", said, s.region), false
	case slices.Contains(credentials, code):
		return fmt.Errorf("the AWS credentials were not accepted: %s", said), false
	}
	return fmt.Errorf("in region %s: %w", s.region, err), false
}

func isValidation(err error) bool {
	var v *querytypes.ValidationException
	return errors.As(err, &v)
}
