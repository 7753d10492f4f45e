// Package secrets takes settings from AWS Systems Manager Parameter Store, for functions: what stands in a
// function's environment is shown in its configuration.
package secrets

import (
	"context"
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"rtcbench/internal/redact"
)

// Load sets the environment variables that parameters below prefix are named after: /rtcbench/LIVEKIT_API_SECRET is
// LIVEKIT_API_SECRET. A variable that is set already stays. prefix "" = nothing is loaded. It needs
// ssm:GetParametersByPath, and for SecureString parameters with a key of one's own kms:Decrypt.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html
func Load(ctx context.Context, prefix string) error {
	if prefix == "" {
		return nil
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return fmt.Errorf("read the AWS configuration: %w", err)
	}
	pages := ssm.NewGetParametersByPathPaginator(ssm.NewFromConfig(cfg), &ssm.GetParametersByPathInput{
		Path: aws.String("/" + strings.Trim(prefix, "/")), WithDecryption: aws.Bool(true),
	})
	found := 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			sent, _ := cfg.Credentials.Retrieve(ctx) // a server may repeat them
			said := redact.New(sent.SessionToken, sent.SecretAccessKey, sent.AccessKeyID).Error(err, 600)
			return fmt.Errorf("read the parameters below %s: %w", prefix, said)
		}
		for _, p := range page.Parameters {
			found++
			if name := path.Base(aws.ToString(p.Name)); os.Getenv(name) == "" {
				os.Setenv(name, aws.ToString(p.Value))
			}
		}
	}
	if found == 0 {
		return fmt.Errorf("there are no parameters below %s (RTCBENCH_SSM_PREFIX)", prefix)
	}
	return nil
}
