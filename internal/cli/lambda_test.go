package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/mototest"
	"rtcbench/internal/sandbox/sandboxtest"
)

// runtimeAPI plays AWS Lambda's side: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
type runtimeAPI struct {
	*httptest.Server
	events  chan invocation
	answers chan answer
	mu      sync.Mutex
	next    int
}

type invocation struct {
	event   string
	allowed time.Duration
}

type answer struct {
	path string
	body []byte
}

func newRuntimeAPI(t *testing.T) *runtimeAPI {
	benchtest.Heavy(t)
	api := &runtimeAPI{events: make(chan invocation), answers: make(chan answer, 10)}
	api.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/2018-06-01/runtime")
		if path == "/invocation/next" {
			select {
			case in := <-api.events:
				api.mu.Lock()
				api.next++
				w.Header().Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprint("request-", api.next))
				api.mu.Unlock()
				w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(in.allowed).UnixMilli()))
				w.Header().Set("Lambda-Runtime-Invoked-Function-Arn",
					"arn:aws:lambda:eu-central-1:123456789012:function:rtcbench")
				io.WriteString(w, in.event)
			case <-r.Context().Done():
			}
			return
		}
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		api.answers <- answer{path, body}
	}))
	t.Cleanup(func() { api.CloseClientConnections(); api.Close() })
	return api
}

// invoke gives the function an event and waits for its answer.
func (api *runtimeAPI) invoke(t *testing.T, event string, allowed time.Duration) (body []byte, failed bool) {
	t.Helper()
	limit := time.After(patience)
	select {
	case api.events <- invocation{event, allowed}:
	case <-limit:
		t.Fatal("the function does not ask for an event")
	}
	select {
	case a := <-api.answers:
		return a.body, strings.HasSuffix(a.path, "/error")
	case <-limit:
		t.Fatal("the function does not answer")
	}
	return nil, false
}

// secretsIn puts the server's secret into a Parameter Store on this machine, and gives its address.
func secretsIn(t *testing.T, secret string) string {
	url := mototest.Start(t)
	body, _ := json.Marshal(map[string]any{"Name": "/rtcbench/LIVEKIT_API_SECRET", "Value": secret,
		"Type": "SecureString", "Overwrite": true})
	r, err := http.NewRequestWithContext(t.Context(), "POST", url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "AmazonSSM.PutParameter")
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/eu-central-1/ssm/aws4_request, "+
		"SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		text, _ := io.ReadAll(answer.Body)
		t.Fatalf("%d %s", answer.StatusCode, text)
	}
	t.Cleanup(mototest.Stop)
	return url
}

// The real binary as a function, in one process: events, an error, a deadline, and nothing left between them.
func TestLambda(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
	server := sandboxtest.Start(t)
	api := newRuntimeAPI(t)
	dir := t.TempDir()
	cmd := exec.Command("rtcbench")
	var log bytes.Buffer
	cmd.Dir, cmd.Stderr, cmd.Stdout = dir, &log, &log
	cmd.Env = []string{quickExits, "PATH=" + os.Getenv("PATH"), "AWS_LAMBDA_RUNTIME_API=" +
		strings.TrimPrefix(api.URL, "http://"), "AWS_LAMBDA_FUNCTION_NAME=rtcbench",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512", "AWS_LAMBDA_FUNCTION_VERSION=1",
		"RTCBENCH_SSM_PREFIX=/rtcbench", "AWS_ENDPOINT_URL=" + secretsIn(t, server.Secret), "AWS_REGION=eu-central-1",
		"AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=example",
		"RTCBENCH_DATA_DIR=" + dir + "/data", "LIVEKIT_URL=" + server.URL, "LIVEKIT_API_KEY=" + server.Key,
		"LOCATION_ID=eu-central-1"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
		if strings.Contains(log.String(), server.Secret) {
			t.Error("the secret is in the log")
		}
	}()
	type file struct {
		Platform   string
		Statistics struct{ Total, Successful int }
		Metadata   struct {
			Location string `json:"location_id"`
			Run      string `json:"run_id"`
		}
		Details struct {
			Ended  string
			Counts struct{ Answered int }
		}
	}
	read := func(body []byte, failed bool) (f file) {
		t.Helper()
		if err := json.Unmarshal(body, &f); err != nil || failed {
			t.Fatalf("%v: %.500s", err, body)
		}
		return f
	}
	ids := map[string]bool{}
	for _, event := range []string{`{"iterations": 20, "cooldown": 10}`,
		`{"platform":"livekit","iterations":"20","cooldown":10,"location":"eu-central-1","max-p95":0.0001}`,
		`{"version":"0","detail-type":"Scheduled ` +
			`Event","source":"aws.events","detail":{"iterations":20,"cooldown":5}}`} {
		f := read(api.invoke(t, event, time.Minute))
		if f.Details.Counts.Answered != 20 || f.Metadata.Location != "eu-central-1" || f.Details.Ended != "complete" ||
			ids[f.Metadata.Run] {
			t.Errorf("%s: %+v", event, f)
		}
		ids[f.Metadata.Run] = true
	}
	calledByLambda(t, server, func(event string, allowed time.Duration) ([]byte, bool) {
		return api.invoke(t, event, allowed)
	})
	for event, says := range map[string]string{
		`{"platform": "turn livekit"}`:         `nobody is named to be called`,
		`{"itertions": 5}`:                     `the event: unknown flag --itertions, did you mean \"--iterations\"?`,
		`{"iterations": "many"}`:               `the event: --iterations \"many\": must be a whole number`,
		`{"platform": "zoom"}`:                 `platform \"zoom\": must be livekit, daily, both`,
		`[1, 2]`:                               `the event is not an object of settings`,
		`{"iterations": {"a": 1}}`:             `has to be a text, a number`,
		`{"output": "/tmp/x"}`:                 `the result is the answer`,
		`{"server-url": "ws://127.0.0.1:1"}`:   `connection refused`,
		`{"help": true}`:                       `is no setting of livekit`,
		`{"api-secret": "not the right one!"}`: `HTTP 401`,
	} {
		body, failed := api.invoke(t, event, time.Minute)
		if !failed || !strings.Contains(string(body), says) || strings.Contains(string(body), "not the right one") {
			t.Errorf("%s: failed %v, %s", event, failed, body)
		}
	}
	const allowed = 20 * time.Second
	began := time.Now()
	f := read(api.invoke(t, `{"iterations": 10000, "cooldown": 20}`, allowed))
	if took := time.Since(began); f.Details.Ended != "deadline" || f.Details.Counts.Answered == 0 || took > allowed {
		t.Errorf("after %v: %+v", took, f)
	}
	if f := read(api.invoke(t, `{}`, time.Minute)); f.Details.Counts.Answered != 100 {
		t.Errorf("after all that: %+v", f)
	}
	// Nothing waits, and no SQLite file was made: a function's disk does not last.
	left, _ := os.ReadDir(dir + "/data")
	for _, e := range left {
		t.Errorf("left: %s", e.Name())
	}
}

// The image asks for help, and names a folder for data that a function may not write to: it serves, and a run is kept
// all the same.
func TestLambdaInTheImage(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
	api := newRuntimeAPI(t)
	dir := t.TempDir()
	tmp, db := filepath.Join(dir, "tmp"), filepath.Join(dir, "runs.db")
	if err := os.Mkdir(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("rtcbench", "--help") // the image's CMD
	var log bytes.Buffer
	cmd.Dir, cmd.Stderr, cmd.Stdout = dir, &log, &log
	cmd.Env = []string{quickExits, "PATH=" + os.Getenv("PATH"), "AWS_LAMBDA_RUNTIME_API=" +
		strings.TrimPrefix(api.URL, "http://"),
		"TMPDIR=" + tmp, "RTCBENCH_DATA_DIR=/dev/null/data", "RTCBENCH_STORE=sqlite:" + db}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	body, failed := api.invoke(t, `{"iterations": 5, "cooldown": 10}`, time.Minute)
	if failed {
		t.Fatalf("%s", body)
	}
	if _, err := os.Stat(db); err != nil {
		t.Error(err)
	}
}

// A store that does not take the run is the function's error, also when its time was over before the run was: /tmp,
// where it waits, does not last.
func TestLambdaThatCannotKeep(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
	api := newRuntimeAPI(t)
	cmd := exec.Command("rtcbench")
	var log bytes.Buffer
	cmd.Dir, cmd.Stderr, cmd.Stdout = t.TempDir(), &log, &log
	cmd.Env = []string{quickExits, "PATH=" + os.Getenv("PATH"), "AWS_LAMBDA_RUNTIME_API=" +
		strings.TrimPrefix(api.URL, "http://"), "TMPDIR=" + cmd.Dir, "RTCBENCH_STORE=sqlite:/dev/null/runs.db"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	for event, within := range map[string]time.Duration{`{"iterations": 5, "cooldown": 10}`: time.Minute,
		`{"iterations": 10000, "cooldown": 20}`: 20 * time.Second} {
		if body, failed := api.invoke(t, event, within); !failed ||
			!strings.Contains(string(body), "measured, and not kept") {
			t.Errorf("%s: failed %v, %.300s", event, failed, body)
		}
	}
}
