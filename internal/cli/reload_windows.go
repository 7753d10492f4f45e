package cli

import "os"

// hangupSignal is not there on Windows.
var hangupSignal os.Signal
