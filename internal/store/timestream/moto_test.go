package timestream

import (
	"os"
	"testing"

	"rtcbench/internal/mototest"
)

func moto(t *testing.T) string { return mototest.Start(t) }

func TestMain(m *testing.M) {
	// Nothing of the machine's own AWS configuration may be seen here.
	for _, name := range []string{"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN",
		"AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"} {
		os.Unsetenv(name)
	}
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": secret,
	} {
		os.Setenv(name, value)
	}
	code := m.Run()
	mototest.Stop()
	os.Exit(code)
}

// secret must be in no error and no output.
const secret = "a-secret-that-nobody-may-see"
