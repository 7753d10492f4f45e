package lab

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"
)

// WriteCSV writes the log, a line for each packet and hop.
func (l Log) WriteCSV(to io.Writer) error {
	w := csv.NewWriter(to)
	w.Write([]string{"from", "to", "bytes", "fate", "copy", "arrived_ms", "due_ms", "left_ms"})
	ms := func(d time.Duration) string { return strconv.FormatFloat(float64(d)/1e6, 'f', 4, 64) }
	for _, r := range l.Records {
		row := []string{r.From.String(), r.To.String(), strconv.Itoa(r.Size), r.Fate.String(),
			strconv.FormatBool(r.Copy), ms(r.Arrived), "", ""}
		if r.Fate == Carried {
			row[6], row[7] = ms(r.Due), ms(r.Left)
		}
		w.Write(row)
	}
	w.Flush()
	return w.Error()
}
