package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/keep"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
)

type importCmd struct {
	Files []string `arg:"" name:"file" help:"Result files, also of the original tool, or lines of JSON; - = standard input."`
	storeFlags
}

// Help is shown by --help below the flags' summary.
func (importCmd) Help() string {
	return `Puts runs from files into every store that is on. A run that is there already stays as it is, so importing twice does no harm.

It reads result files (--output), those of both, what rtcbench export writes, and files of the original tool; what such a file cannot say is told in a line. They may be packed by gzip, in UTF-16, in an array, or lines of a log. A line that is wrong is named, and the others are imported. What a store does not take now waits in the outbox. The exit code is 4 unless all of it is in the stores.

Example:

  rtcbench import old/*.json week.jsonl --store influxdb`
}

// Run reads all files; a run that cannot be read does not keep the others out.
func (cmd *importCmd) Run(a *app) error {
	c := check{settings: a.settings}
	k := cmd.keeper(&c)
	if c.err != nil {
		return c.err
	}
	if len(k.Targets) == 0 {
		return usagef("--store none: there is nowhere to put them")
	}
	im := importer{a, k.Importer(a.ctx)}
	defer im.Close()
	for _, path := range cmd.Files {
		im.file(path)
		if a.ctx.Err() != nil || im.Full {
			break
		}
	}
	im.Bad = append(im.Bad, im.Failures()...)
	if err := join(allAdvised(im.Bad)...); err != nil {
		return exitError{exitNotKept, err}
	}
	return nil
}

// importer imports files.
type importer struct {
	*app
	*keep.Importer
}

// importedAtOnce is how many runs are kept in one step.
const importedAtOnce = 500

// file imports one file, and says how many runs of it at least one store has.
func (im importer) file(path string) {
	r, err := openFile(path)
	if err != nil {
		im.Bad = append(im.Bad, err)
		return
	}
	defer r.Close()
	notes := map[string]int{}
	var batch []bench.Run
	kept, there := 0, 0
	save := func() {
		k, t := im.Save(im.ctx, path, batch)
		kept, there, batch = kept+k, there+t, nil
	}
	for e, err := range result.Decode(untilEnd(im.ctx, r)) {
		switch {
		case im.ctx.Err() != nil: // what was read is cut off
			continue
		case err != nil:
			im.Bad = append(im.Bad, fmt.Errorf("%s: %w", path, err))
			continue
		case e.Run.Standin:
			notes["not imported: a stand-in played the platform"]++
			continue
		case e.Note != "":
			notes[e.Note]++
		}
		if batch = append(batch, e.Run); len(batch) == importedAtOnce {
			save()
		}
		if im.ctx.Err() != nil || im.Full {
			break
		}
	}
	save()
	if im.ctx.Err() != nil {
		im.Bad = append(im.Bad, fmt.Errorf("%s: %w: the rest of it is not imported", path, context.Cause(im.ctx)))
	}
	for note, runs := range notes {
		fmt.Fprintf(report.Plain{Writer: im.stderr}, "%s: %d run(s): %s\n", path, runs, note)
	}
	known := ""
	if there > 0 {
		known = fmt.Sprintf(", %d of them there already", there)
	}
	fmt.Fprintf(report.Plain{Writer: im.stdout}, "%s: %d run(s)%s\n", path, kept, known)
}

// untilEnd reads r until ctx ends, also where r has nothing to give and keeps its reader waiting, as a pipe does.
func untilEnd(ctx context.Context, r io.Reader) io.Reader {
	out, in := io.Pipe()
	go func() {
		_, err := io.Copy(in, r)
		in.CloseWithError(err)
	}()
	context.AfterFunc(ctx, func() { out.CloseWithError(context.Cause(ctx)) })
	return out
}

// openFile opens a file of results; - is standard input.
func openFile(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(os.Stdin), nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder: name the files in it, as %s", path, strings.TrimRight(path, "/")+"/*.json")
	}
	return os.Open(path)
}
