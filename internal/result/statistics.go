package result

import (
	"reflect"
	"slices"
	"strconv"

	"rtcbench/bench"
)

// Statistics are the statistics of the original format.
//
// The fields of Statistics are the list of all statistics. The JSON name of a field is its name everywhere: in files,
// in columns and fields of stores, and in CSV. The comment at a field also describes it in the schema of the file. The
// tag unit is the unit of the value. The tag of is the field of bench.Summary that has the value. The tag percentile is
// the label by which metrics show it.
type Statistics struct {
	TotalMessages      int `json:"total_messages"`      // pings sent whose fate is known
	SuccessfulMessages int `json:"successful_messages"` // answered within the timeout
	FailedMessages     int `json:"failed_messages"`     // late + lost
	// failed / total as a ratio; on a reliable channel this is a timeout rate
	PacketLossRate *float64 `json:"packet_loss_rate" unit:"ratio"`
	MeanRTT        *float64 `json:"mean_rtt" unit:"ms" of:"Mean"`     // arithmetic mean
	MedianRTT      *float64 `json:"median_rtt" unit:"ms" of:"Median"` // the same as p50_rtt
	MinRTT         *float64 `json:"min_rtt" unit:"ms" of:"Min"`       // the fastest ping
	// the slowest ping that was answered in time
	MaxRTT    *float64 `json:"max_rtt" unit:"ms" of:"Max"`
	StdDevRTT *float64 `json:"std_dev_rtt" unit:"ms" of:"StdDev"`          // divides by n
	P50RTT    *float64 `json:"p50_rtt" unit:"ms" of:"P50" percentile:"50"` // percentiles interpolate linearly
	P95RTT    *float64 `json:"p95_rtt" unit:"ms" of:"P95" percentile:"95"` // as p50_rtt
	P99RTT    *float64 `json:"p99_rtt" unit:"ms" of:"P99" percentile:"99"` // as p50_rtt
	// mean |ΔRTT| of consecutive answered pings in sending order
	Jitter *float64 `json:"jitter" unit:"ms" of:"Jitter"`
}

// Statistic describes a field of Statistics.
type Statistic struct {
	Key        string
	Unit       string // "" = a count
	Percentile string // label for metrics; "" = not in metrics
	field      int
	of         string // field of bench.Summary; "" = it follows from the counts
}

// StatisticList describes all fields of Statistics, in order. Code that keeps, writes or shows statistics uses it.
var StatisticList = func() (list []Statistic) {
	t := reflect.TypeFor[Statistics]()
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		list = append(list, Statistic{
			Key: tag.Get("json"), Unit: tag.Get("unit"), Percentile: tag.Get("percentile"),
			field: i, of: tag.Get("of"),
		})
	}
	return list
}()

// StatisticsNamed are the entries of StatisticList with these keys, in the order of keys.
func StatisticsNamed(keys ...string) (list []Statistic) {
	for _, key := range keys {
		i := slices.IndexFunc(StatisticList, func(x Statistic) bool { return x.Key == key })
		list = append(list, StatisticList[i])
	}
	return list
}

// In is the value of the statistic in s; ok is false if it is not known.
func (x Statistic) In(s Statistics) (value float64, ok bool) {
	switch v := reflect.ValueOf(s).Field(x.field).Interface().(type) {
	case int:
		return float64(v), true
	case *float64:
		return zero(v), v != nil
	}
	panic("a statistic is an int or a *float64")
}

// Of is the duration in s that belongs to the statistic; nil = it follows from the counts.
func (x Statistic) Of(s *bench.Summary) *bench.Quantity {
	if x.of == "" {
		return nil
	}
	return reflect.ValueOf(s).Elem().FieldByName(x.of).Addr().Interface().(*bench.Quantity)
}

// StatisticsOf are the statistics of r.
func StatisticsOf(r bench.Record) Statistics {
	c, s := r.Counts, r.Summary
	out := Statistics{
		TotalMessages: c.Settled(), SuccessfulMessages: c.Answered, FailedMessages: c.Failed(),
		PacketLossRate: when(s.LossKnown, s.Loss),
	}
	for _, x := range StatisticList {
		if q := x.Of(&s); q != nil {
			reflect.ValueOf(&out).Elem().Field(x.field).Set(reflect.ValueOf(quantity(*q)))
		}
	}
	return out
}

// tell sets the durations in s from t.
func (t Statistics) tell(s *bench.Summary) {
	for _, x := range StatisticList {
		if to := x.Of(s); to != nil {
			v, ok := x.In(t)
			*to = q(when(ok, v))
		}
	}
}

// Counts are the counts that the run's tool reports. All other counts are null.
type Counts struct {
	bench.Counts
	Original bool `json:"-"` // the original tool reports the counts of every tool alone; all failed pings count as lost
}

// CountsOf are the counts of r.
func CountsOf(r bench.Run) Counts { return Counts{r.Counts, r.OfOriginal()} }

// Tells reports whether the run's tool reports the count x.
func (c Counts) Tells(x bench.Count) bool { return x.Always || !c.Original }

// MarshalJSON writes null for counts that the run's tool does not report.
func (c Counts) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, x := range bench.CountList {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), x.Key...), `":`...)
		if c.Tells(x) {
			b = strconv.AppendInt(b, int64(*x.Of(&c.Counts)), 10)
		} else {
			b = append(b, "null"...)
		}
	}
	return append(b, '}'), nil
}

// Figure is a number of a run, as stores keep it.
type Figure struct {
	Key, Unit string // Unit "" = a count
	Value     float64
}

// Figures are the statistics that are known.
func (t Statistics) Figures() (list []Figure) {
	for _, x := range StatisticList {
		if v, ok := x.In(t); ok {
			list = append(list, Figure{x.Key, x.Unit, v})
		}
	}
	return list
}

// Figures are the counts that the run's tool reports.
func (c Counts) Figures() (list []Figure) {
	for _, x := range bench.CountList {
		if c.Tells(x) {
			list = append(list, Figure{Key: x.Key, Value: float64(*x.Of(&c.Counts))})
		}
	}
	return list
}
