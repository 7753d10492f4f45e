package signals

import "os"

// Hangup is not there on Windows.
var Hangup os.Signal
