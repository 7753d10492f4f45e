// Package secrets takes settings from AWS Systems Manager Parameter Store, for functions: what stands in a
// function's environment is shown in its configuration. It signs its one request itself: the SDK's client of that
// service takes as long to compile as a twentieth of this program.
package secrets

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"

	"rtcbench/internal/environment"
	"rtcbench/internal/redact"
)

// Load sets the variables that parameters below prefix are named after: /rtcbench/LIVEKIT_API_SECRET is
// LIVEKIT_API_SECRET. A variable that is set already stays. prefix "" = nothing is loaded. It needs
// ssm:GetParametersByPath, and for SecureString parameters with a key of one's own kms:Decrypt.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html
func Load(ctx context.Context, prefix string, e environment.Environment, set environment.Setter) error {
	if prefix == "" {
		return nil
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return fmt.Errorf("read the AWS configuration: %w", err)
	}
	found, next := 0, ""
	for {
		page, err := parameters(ctx, cfg, endpoint(cfg, e), "/"+strings.Trim(prefix, "/"), next)
		if err != nil {
			sent, _ := cfg.Credentials.Retrieve(ctx) // a server may repeat them
			said := redact.New(sent.SessionToken, sent.SecretAccessKey, sent.AccessKeyID).Error(err, 600)
			return fmt.Errorf("read the parameters below %s: %w", prefix, said)
		}
		for _, p := range page.Parameters {
			found++
			if name := path.Base(p.Name); e.Get(name) == "" {
				set(name, p.Value)
			}
		}
		if next = page.NextToken; next == "" {
			break
		}
	}
	if found == 0 {
		return fmt.Errorf("there are no parameters below %s (RTCBENCH_SSM_PREFIX)", prefix)
	}
	return nil
}

// page is one answer of GetParametersByPath.
type page struct {
	Parameters []struct{ Name, Value string }
	NextToken  string
}

// tries are made of a request that the service is too busy for.
const tries = 3

// parameters asks for one page, as the service's JSON protocol has it.
func parameters(ctx context.Context, cfg aws.Config, url, below, next string) (p page, err error) {
	ask := map[string]any{"Path": below, "WithDecryption": true}
	if next != "" {
		ask["NextToken"] = next
	}
	body, err := json.Marshal(ask)
	if err != nil {
		return p, err
	}
	for try := 1; ; try++ {
		status, answer, err := post(ctx, cfg, url, body)
		busy := err == nil && (status >= 500 || status == http.StatusTooManyRequests)
		switch {
		case err == nil && status == http.StatusOK:
			return p, json.Unmarshal(answer, &p)
		case err == nil && !busy || try == tries:
			return p, refusal(status, answer, err)
		}
		select {
		case <-time.After(time.Duration(try) * 200 * time.Millisecond):
		case <-ctx.Done():
			return p, context.Cause(ctx)
		}
	}
}

// refusal says what the service answered: the name of its error, never the request.
func refusal(status int, answer []byte, err error) error {
	if err != nil {
		return err
	}
	var told struct {
		Type string `json:"__type"`
	}
	if json.Unmarshal(answer, &told) != nil || told.Type == "" {
		return fmt.Errorf("the Parameter Store answered %d", status)
	}
	return fmt.Errorf("the Parameter Store answered %d, %s", status, path.Base(strings.ReplaceAll(told.Type, "#", "/")))
}

// endpoint is the region's, or the one that the environment names.
func endpoint(cfg aws.Config, e environment.Environment) string {
	domain := "amazonaws.com"
	if strings.HasPrefix(cfg.Region, "cn-") {
		domain = "amazonaws.com.cn"
	}
	return cmp.Or(e.Get("AWS_ENDPOINT_URL_SSM"), aws.ToString(cfg.BaseEndpoint), "https://ssm."+cfg.Region+"."+
		domain+"/")
}

// post sends a signed request (Signature Version 4).
func post(ctx context.Context, cfg aws.Config, url string, body []byte) (status int, answer []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AmazonSSM.GetParametersByPath")
	credentials, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return 0, nil, err
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, credentials, r, hex.EncodeToString(sum[:]), "ssm", cfg.Region,
		time.Now()); err != nil {
		return 0, nil, err
	}
	client := cfg.HTTPClient
	if client == nil { // as it is where the environment asks for nothing special
		client = awshttp.NewBuildableClient()
	}
	resp, err := client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	return resp.StatusCode, answer, err
}
