package sqlite

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestAReaderSeesWhatIsWrittenLater: in whatever way it has opened the store, while the writer keeps it open.
func TestAReaderSeesWhatIsWrittenLater(t *testing.T) {
	dir := t.TempDir()
	save := func(s *Store) {
		t.Helper()
		if err := s.Save(t.Context(), bench.NewRecord(benchtest.StoredRun(5, time.Now()))); err != nil {
			t.Fatal(err)
		}
	}
	for name, prepare := range map[string]func(path string){
		"nobody has it open": func(string) {},
		"its log lacks the index": func(path string) { // as a writer that was killed leaves it
			s := opened(t, path)
			save(s)
			for _, tail := range []string{"", "-wal"} {
				if err := copyFile(path+"-killed"+tail, path+tail); err != nil {
					t.Fatal(err)
				}
			}
			s.Close()
			for _, tail := range []string{"", "-wal"} {
				if err := os.Rename(path+"-killed"+tail, path+tail); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name+".db")
			s := opened(t, path)
			save(s)
			s.Close()
			prepare(path)
			reader, err := OpenToRead(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			before := len(ids(t, reader))
			s = opened(t, path)
			for i := range 3 {
				save(s)
				if n := len(ids(t, reader)); n != before+i+1 {
					t.Errorf("%d runs are seen, there are %d", n, before+i+1)
				}
			}
		})
	}
}

func ids(t *testing.T, s *Store) (list []string) {
	t.Helper()
	for r, err := range s.Runs(t.Context(), bench.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r.ID)
	}
	return list
}
