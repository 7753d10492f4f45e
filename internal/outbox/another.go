package outbox

import (
	"maps"
	"slices"
	"strings"

	"rtcbench/internal/result"
)

// another is an error if one of the files before, which hold a run with run's ID, or one of put holds another run: the
// file for run would replace it.
func (o *Outbox) another(run *result.Document, put []document, before []item) error {
	i := slices.IndexFunc(put, func(d document) bool { return d.RunID == run.ID })
	if i < 0 && len(before) == 0 {
		return nil
	}
	now, err := run.Packed()
	if err != nil { // no store will take the run; file says so
		return nil
	}
	differs := func(d document) error {
		if d.packed.ID == "" {
			return nil
		}
		if how := result.Differ(d.packed, now.Packed); how != "" {
			names := strings.Join(slices.Sorted(maps.Keys(d.Stores)), ", ")
			return &result.Another{Where: "waits in " + o.dir + " for " + names, How: how}
		}
		return nil
	}
	if i >= 0 {
		return differs(put[i])
	}
	for _, b := range before {
		if d, err := read(b.path); err == nil { // one that cannot be read is named when it is delivered
			if err := differs(d); err != nil {
				return err
			}
		}
	}
	return nil
}
