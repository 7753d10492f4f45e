package secrets

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// store answers as the Parameter Store does, one page after another. What it answers first is in refuse.
func store(t *testing.T, pages int, refuse ...int) (asked *[]string) {
	asked = new([]string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var ask struct{ Path, NextToken string }
		if err := json.NewDecoder(r.Body).Decode(&ask); err != nil ||
			r.Header.Get("X-Amz-Target") != "AmazonSSM.GetParametersByPath" {
			t.Errorf("asked %q, %v", r.Header.Get("X-Amz-Target"), err)
		}
		if a := r.Header.Get("Authorization"); !strings.Contains(a, "/eu-central-1/ssm/aws4_request") {
			t.Errorf("signed %q", a)
		}
		*asked = append(*asked, ask.Path+" "+ask.NextToken)
		if len(refuse) > 0 {
			status := refuse[0]
			refuse = refuse[1:]
			w.WriteHeader(status)
			fmt.Fprint(w, `{"__type":"com.amazonaws.ssm#AccessDeniedException","message":"User: arn:aws:sts::1:x is `+
				`not authorized"}`)
			return
		}
		page := 1
		fmt.Sscan(ask.NextToken, &page)
		answer := map[string]any{
			"Parameters": []map[string]string{{"Name": fmt.Sprintf("/rtcbench/SECRETS_TEST_%d", page), "Value": "v"}}}
		if page < pages {
			answer["NextToken"] = fmt.Sprint(page + 1)
		}
		json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
		"AWS_SECRET_ACCESS_KEY": "example",
		"AWS_CA_BUNDLE":         "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"SECRETS_TEST_1": "", "SECRETS_TEST_2": "mine", "SECRETS_TEST_3": "",
	} {
		t.Setenv(name, value)
	}
	return asked
}

// TestLoad: every page is read, a variable that is set stays, and a service that is busy is asked again.
func TestLoad(t *testing.T) {
	asked := store(t, 3, http.StatusServiceUnavailable)
	if err := Load(t.Context(), "rtcbench/", os.LookupEnv, os.Setenv); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(os.Getenv("SECRETS_TEST_1"), os.Getenv("SECRETS_TEST_2"),
		os.Getenv("SECRETS_TEST_3")); got != "vminev" {
		t.Errorf("read %q", got)
	}
	if len(*asked) != 4 || !strings.HasPrefix((*asked)[0], "/rtcbench ") {
		t.Errorf("asked %q", *asked)
	}
}

// TestLoadRefused: the reason is named, once, and nothing of the account.
func TestLoadRefused(t *testing.T) {
	asked := store(t, 1, http.StatusBadRequest)
	err := Load(t.Context(), "/rtcbench", os.LookupEnv, os.Setenv)
	if err == nil || err.Error() != "read the parameters below /rtcbench: the Parameter Store answered 400, "+
		"AccessDeniedException" || len(*asked) != 1 {
		t.Errorf("%v, asked %d times", err, len(*asked))
	}
}
