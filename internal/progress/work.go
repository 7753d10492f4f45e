package progress

import (
	"io"
	"os"
	"sync"

	"github.com/schollz/progressbar/v3"
)

// worthABar is how many bytes are read without a word.
const worthABar = 16 << 20

// Work shows on a terminal how far a command is that reads large files and computes long: first bytes, then steps. The
// zero value shows nothing.
type Work struct {
	w      io.Writer
	lock   sync.Mutex
	bar    *progressbar.ProgressBar // the one that is shown now
	ended  bool
	silent bool
}

// Reading begins a bar on w for files. It is silent where they are small, or nobody looks.
func Reading(w io.Writer, files ...string) *Work {
	total := int64(0)
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
	}
	if total < worthABar || !IsTerminal(w) {
		return &Work{silent: true}
	}
	b := &Work{w: w}
	b.bar = progressbar.NewOptions64(total, append(barLook(b.w),
		progressbar.OptionSetDescription("reading"), progressbar.OptionShowBytes(true))...)
	return b
}
