package postgrestest

import "testing"

// TestServer: two databases are two, and the server answers as long as the test runs.
func TestServer(t *testing.T) {
	s := Start(t)
	if a, b := s.Database(t), s.Database(t); a == b {
		t.Errorf("both are %s", a)
	}
	if got := s.SQL(t, "test2", "SELECT current_database()"); got != "test2" {
		t.Errorf("it says %q", got)
	}
}
