package cli

import "os"

// reloadSignal is not there on Windows.
var reloadSignal os.Signal
