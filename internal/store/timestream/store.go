// Package timestream keeps runs in Amazon Timestream for LiveAnalytics. It writes the records of the original tool, a
// record for each ping, and records from which a run can be read back. Timestream for InfluxDB is another service, an
// InfluxDB server: see package influx.
package timestream

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/timestreamquery"
	"github.com/aws/aws-sdk-go-v2/service/timestreamwrite"

	"rtcbench/bench"
	"rtcbench/internal/advice"
)

// DefaultRegion is used if neither Options nor the AWS configuration names a region.
const DefaultRegion = "us-east-1"

// Options name the table. Credentials, endpoints (AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_TIMESTREAM_WRITE,
// AWS_ENDPOINT_URL_TIMESTREAM_QUERY) and proxies come from the usual AWS configuration.
type Options struct {
	Database string
	Table    string
	Region   string // "" = the AWS configuration's, or DefaultRegion
	Words    bench.Words

	transport http.RoundTripper               // nil = that of the SDK
	backoff   func(attempt int) time.Duration // nil = the SDK's: exponential, with jitter
	timeout   time.Duration                   // of one request; 0 = writeTimeout and queryTimeout
}

// A request is tried so often. The pauses together are shorter than the time of a delivery for one run: so the error is
// that of the service, and not the end of the time.
const (
	attempts   = 8
	maxBackoff = 1500 * time.Millisecond
	// A query may take 60 s (API reference, Query). A write that takes longer than writeTimeout is lost.
	writeTimeout = 15 * time.Second
	queryTimeout = 65 * time.Second
)

// Store is one table of a database.
type Store struct {
	words           bench.Words
	database, table string
	region          string
	write           *timestreamwrite.Client
	query           *timestreamquery.Client
	idle            *http.Client
	closed          atomic.Bool
	sent            sent
}

var _ bench.Store = (*Store)(nil)

// name matches the names of databases and tables that Timestream accepts (Developer Guide, "Naming constraints").
var name = regexp.MustCompile(`^[a-zA-Z0-9_.-]*$`)

// Check is an error if the name of the database or of the table is not valid.
func (o Options) Check() error {
	for _, n := range []struct{ what, value string }{{"database", o.Database}, {"table", o.Table}} {
		if l := len(n.value); l < 3 || l > 256 || !name.MatchString(n.value) {
			return fmt.Errorf("timestream %s %.80q: a name has 3 to 256 letters, digits, _, - and .", n.what, n.value)
		}
	}
	return nil
}

// New makes a Store without a request. Whether table and credentials are right shows at the first use.
func New(ctx context.Context, o Options) (*Store, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	o.Region = strings.ToLower(o.Region)
	load := []func(*config.LoadOptions) error{config.WithRetryer(func() aws.Retryer { return o.retryer() })}
	if o.Region != "" {
		load = append(load, config.WithRegion(o.Region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("%s: read the AWS configuration: %w", o.Name(), err)
	}
	cfg.Region = cmp.Or(cfg.Region, DefaultRegion)
	transport := o.transport
	if transport == nil {
		// The client of the AWS configuration respects AWS_CA_BUNDLE.
		client, ok := cfg.HTTPClient.(*awshttp.BuildableClient)
		if !ok {
			client = awshttp.NewBuildableClient()
		}
		transport = client.GetTransport()
	}
	s := &Store{words: o.Words, database: o.Database, table: o.Table, region: cfg.Region}
	transport = plainBodies{transport, &s.sent}
	s.idle = httpClient(transport, 0)
	s.write = timestreamwrite.NewFromConfig(cfg, func(w *timestreamwrite.Options) {
		w.HTTPClient = httpClient(transport, cmp.Or(o.timeout, writeTimeout))
		// No endpoint discovery: the SDK would ask a custom endpoint for an address, and get that of AWS itself.
		if w.BaseEndpoint != nil {
			w.EndpointDiscovery.EnableEndpointDiscovery = aws.EndpointDiscoveryDisabled
		}
	})
	s.query = timestreamquery.NewFromConfig(cfg, func(q *timestreamquery.Options) {
		q.HTTPClient = httpClient(transport, cmp.Or(o.timeout, queryTimeout))
		if q.BaseEndpoint != nil {
			q.EndpointDiscovery.EnableEndpointDiscovery = aws.EndpointDiscoveryDisabled
		}
	})
	return s, nil
}

func (o Options) retryer() aws.Retryer {
	return retry.NewStandard(func(r *retry.StandardOptions) {
		r.MaxAttempts, r.MaxBackoff = attempts, maxBackoff
		if o.backoff != nil {
			r.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
				return o.backoff(attempt), nil
			})
		}
	})
}

// httpClient follows no redirect: a request goes to the endpoint that was configured or not at all.
func httpClient(t http.RoundTripper, timeout time.Duration) *http.Client {
	return &http.Client{Transport: advice.Guarded(t), Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// plainBodies hides the method WriteTo of request bodies. With smithy-go 1.26, WriteTo returns io.EOF once the answer
// has come. net/http takes that for a failed write and closes the connection before the answer is read. The SDK would
// then repeat the request.
type plainBodies struct {
	http.RoundTripper
	sent *sent
}

func (p plainBodies) RoundTrip(q *http.Request) (*http.Response, error) {
	p.sent.note(q.Header)
	if q.Body != nil && q.Body != http.NoBody {
		c := *q
		c.Body = struct{ io.ReadCloser }{q.Body}
		q = &c
	}
	answer, err := p.RoundTripper.RoundTrip(q)
	if err == nil && answer.StatusCode == http.StatusOK {
		if err = namesNoError(answer); err != nil {
			return nil, err
		}
	}
	return answer, err
}

// namesNoError makes an answer of 200 that names an error one of 500: the SDK believes the status. AWS names the error
// in a header or in the body (AWS JSON 1.0 protocol, operation error serialization); someone between may lose its
// status.
func namesNoError(answer *http.Response) error {
	body, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil {
		return err
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	var named struct {
		Type string `json:"__type"`
	}
	json.Unmarshal(body, &named) // what is no JSON is found by the SDK
	if named.Type != "" || answer.Header.Get("X-Amzn-Errortype") != "" {
		answer.StatusCode, answer.Status = http.StatusInternalServerError, "500 Internal Server Error"
	}
	return nil
}

// CloseIdleConnections is the method that http.Client looks for.
func (p plainBodies) CloseIdleConnections() {
	(&http.Client{Transport: p.RoundTripper}).CloseIdleConnections()
}

// Kind is the beginning of the name of every store of this package.
const Kind = "timestream:"

// Name is timestream:REGION/DATABASE/TABLE, with the region in o. It identifies the store.
func (o Options) Name() string {
	return Kind + strings.ToLower(o.Region) + "/" + o.Database + "/" + o.Table
}

// Like says whether another name may mean the table of o: AWS writes regions in small letters, and people do not.
func (o Options) Like(name string) bench.Likeness {
	region, table, _ := strings.Cut(name, "/")
	if strings.ToLower(region)+"/"+table == o.Name() {
		return bench.Same
	}
	return bench.Another
}

// String implements bench.Store.
func (s *Store) String() string {
	return Options{Region: s.region, Database: s.database, Table: s.table}.Name()
}

// Close closes idle connections. A closed store cannot be used again.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.idle.CloseIdleConnections()
	return nil
}

// usable is an error if the store is closed or ctx has ended.
func (s *Store) usable(ctx context.Context) error { return bench.Usable(ctx, s, s.closed.Load()) }
