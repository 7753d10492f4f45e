package timestream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// service plays what moto does not have: the rules by which Timestream takes records, as its Developer Guide
// tells them, and queries. Whatever it takes, and every other request, goes on to moto.
type service struct {
	t        *testing.T
	url      string
	moto     string
	pageRows int

	mu      sync.Mutex
	records map[string]record // by identity
	types   map[string]string // of columns
	tokens  map[string][]map[string]string
	writes  []int // records of each WriteRecords that was taken
	queries []string
	repeat  int                                        // with this status every header is repeated; 0 = none is
	again   int                                        // requests that the SDK sent a second time
	first   func(operation string, body []byte) *reply // answers in the service's place; nil = not this one
}

type reply struct {
	status int
	body   string
}

func fault(status int, code, message string) *reply {
	text, _ := json.Marshal(map[string]string{"__type": "com.amazonaws.timestream.v20181101#" + code,
		"message": message})
	return &reply{status, string(text)}
}

// record is one as a query sees it: columns by name.
type record struct {
	columns map[string]string
	version int64
}

// wire is a record of the API, or what a request's records have in common.
type wire struct {
	Dimensions       []struct{ Name, Value string }
	MeasureName      string
	MeasureValue     string
	MeasureValueType string
	MeasureValues    []struct{ Name, Value, Type string }
	Time             string
	TimeUnit         string
	Version          *int64
}

func startService(t *testing.T) *service {
	s := &service{t: t, moto: moto(t), pageRows: 7, records: map[string]record{},
		tokens: map[string][]map[string]string{},
		types:  map[string]string{"time": "TIMESTAMP", "measure_name": "VARCHAR"}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "Timestream_20181101.")
	s.mu.Lock()
	if !strings.HasPrefix(r.Header.Get("Amz-Sdk-Request"), "attempt=1;") {
		s.again++
	}
	first := s.first
	s.mu.Unlock()
	var answer *reply
	if first != nil {
		answer = first(operation, body) // not under the lock: it may block
	}
	if s.repeat != 0 {
		said := fmt.Sprint("refused:\n", r.Header)
		text, _ := json.Marshal(map[string]any{"__type": "#RejectedRecordsException", "message": said,
			"RejectedRecords": []rejection{{0, said, nil}}})
		answer = &reply{s.repeat, string(text)}
	}
	if answer == nil {
		switch operation {
		case "WriteRecords":
			answer = s.write(body)
		case "Query":
			answer = s.query(body)
		}
	}
	if answer == nil {
		answer = s.toMoto(r, body)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(answer.status)
	io.WriteString(w, answer.body)
}

func (s *service) toMoto(r *http.Request, body []byte) *reply {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, s.moto+r.URL.Path, bytes.NewReader(body))
	if err != nil {
		return fault(500, "InternalServerException", err.Error())
	}
	out.Header = r.Header.Clone()
	in, err := http.DefaultClient.Do(out)
	if err != nil {
		return fault(500, "InternalServerException", err.Error())
	}
	defer in.Body.Close()
	text, err := io.ReadAll(in.Body)
	if err != nil {
		return fault(500, "InternalServerException", err.Error())
	}
	return &reply{in.StatusCode, string(text)}
}

type rejection struct {
	RecordIndex     int
	Reason          string
	ExistingVersion *int64 `json:",omitempty"`
}

// write keeps what the service would take; nil = all of it, and moto is to have it too.
func (s *service) write(body []byte) *reply {
	var in struct {
		Records          []wire
		CommonAttributes wire
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return fault(400, "ValidationException", err.Error())
	}
	if n := len(in.Records); n == 0 || n > 100 {
		return fault(400, "ValidationException", "1 validation error detected: Value at 'records' failed to satisfy "+
			"constraint: Member must have length less than or equal to 100")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var rejected []rejection
	for i, r := range in.Records {
		r = merge(r, in.CommonAttributes)
		if reason, version := s.keep(r); reason != "" {
			rejected = append(rejected, rejection{i, reason, version})
		}
	}
	if len(rejected) > 0 {
		text, _ := json.Marshal(map[string]any{"__type": "com.amazonaws.timestream.v20181101#RejectedRecordsException",
			"Message":         "One or more records have been rejected. See RejectedRecords for details.",
			"RejectedRecords": rejected})
		return &reply{419, string(text)}
	}
	s.writes = append(s.writes, len(in.Records))
	return nil
}

func merge(r, common wire) wire {
	r.Dimensions = append(slices.Clone(common.Dimensions), r.Dimensions...)
	for _, f := range []struct{ to, from *string }{
		{&r.MeasureName, &common.MeasureName}, {&r.MeasureValueType, &common.MeasureValueType}, {&r.Time, &common.Time},
		{&r.TimeUnit, &common.TimeUnit},
	} {
		if *f.to == "" {
			*f.to = *f.from
		}
	}
	if r.Version == nil {
		r.Version = common.Version
	}
	return r
}

var units = map[string]time.Duration{"": time.Millisecond, "MILLISECONDS": time.Millisecond,
	"MICROSECONDS": time.Microsecond, "NANOSECONDS": 1, "SECONDS": time.Second}

// keep is the rules for one record (Developer Guide: "Quotas", "Upserts", "Writes").
func (s *service) keep(r wire) (reason string, existing *int64) {
	n, err := strconv.ParseInt(r.Time, 10, 64)
	if err != nil {
		return "The record time is not a number.", nil
	}
	at := time.Unix(0, n*int64(units[r.TimeUnit])).UTC()
	if age := time.Since(at); age > 90*24*time.Hour || age < -15*time.Minute {
		return fmt.Sprintf("The record timestamp is outside the time range [%s, %s) of the data ingestion window.",
			time.Now().Add(-90*24*time.Hour).UTC().Format(time.RFC3339),
			time.Now().Add(15*time.Minute).UTC().Format(time.RFC3339)), nil
	}
	columns := map[string]string{"time": at.Format(layout), "measure_name": r.MeasureName}
	kinds := map[string]string{}
	size, dimensions := len(r.MeasureName)+8, 0
	identity := []string{columns["time"], r.MeasureName}
	for _, d := range r.Dimensions {
		if d.Value == "" {
			return "The dimension " + d.Name + " is empty.", nil
		}
		if _, twice := columns[d.Name]; twice {
			return "The dimension " + d.Name + " is there twice.", nil
		}
		columns[d.Name], kinds[d.Name] = d.Value, "DIMENSION"
		dimensions += len(d.Name) + len(d.Value)
		identity = append(identity, d.Name+"\x00"+d.Value)
	}
	slices.Sort(identity[2:])
	values := r.MeasureValues
	if r.MeasureValueType != "MULTI" {
		values = append(values,
			struct{ Name, Value, Type string }{"measure_value::" + strings.ToLower(r.MeasureValueType), r.MeasureValue,
				r.MeasureValueType})
		kinds["single "+r.MeasureName], columns["single "+r.MeasureName] = r.MeasureValueType, r.MeasureValue
	}
	for _, v := range values {
		if v.Value == "" || len(v.Value) > 2048 {
			return "The measure value of " + v.Name + " is empty or longer than 2048 bytes.", nil
		}
		if _, twice := columns[v.Name]; twice {
			return "The column " + v.Name + " is there twice.", nil
		}
		columns[v.Name], kinds[v.Name] = v.Value, v.Type
		size += len(v.Name) + 8
		if v.Type == "VARCHAR" {
			size += len(v.Value) - 8
		}
	}
	if len(values) > 256 || dimensions > 2048 || size+dimensions > 2048 {
		return fmt.Sprintf("The record has %d measures and %d bytes; 256 and 2048 are allowed.", len(values),
			size+dimensions), nil
	}
	for name, kind := range kinds {
		if have, ok := s.types[name]; ok && have != kind {
			return fmt.Sprintf("Measure name %s already has data type %s; %s does not match.",
				strings.TrimPrefix(name, "single "), have, kind), nil
		}
	}
	version := int64(1)
	if r.Version != nil {
		version = *r.Version
	}
	key := strings.Join(identity, "\x01")
	if have, ok := s.records[key]; ok && version <= have.version {
		if maps.Equal(have.columns, columns) {
			return "", nil
		}
		return "A record already exists with the same time, dimensions, measure name, and record version. A higher " +
			"record version must be specified in order to update the measure value.", &have.version
	}
	maps.Copy(s.types, kinds)
	s.records[key] = record{columns, version}
	return "", nil
}

// kept are the records of a measure name, in order of time.
func (s *service) kept(measure string) []map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []map[string]string
	for _, r := range s.records {
		if r.columns["measure_name"] == measure {
			list = append(list, r.columns)
		}
	}
	slices.SortFunc(list, func(a, b map[string]string) int {
		return strings.Compare(a["time"]+a[dimPart], b["time"]+b[dimPart])
	})
	return list
}

// change edits the records of a run, or takes them away.
func (s *service) change(runID, measure string, edit func(columns map[string]string) (keep bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, r := range s.records {
		if r.columns[dimRun] == runID && r.columns["measure_name"] == measure && !edit(r.columns) {
			delete(s.records, key)
		}
	}
}

// query answers page by page; the first page of several is empty, as the real one's may be.
func (s *service) query(body []byte) *reply {
	var in struct{ QueryString, NextToken string }
	if err := json.Unmarshal(body, &in); err != nil {
		return fault(400, "ValidationException", err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []map[string]string
	var columns []string
	if in.NextToken == "" {
		s.queries = append(s.queries, in.QueryString)
	}
	columns, rows, err := s.evaluate(in.QueryString)
	if err != nil {
		return fault(400, "ValidationException", err.Error())
	}
	next := ""
	if in.NextToken != "" {
		kept, ok := s.tokens[in.NextToken]
		if !ok {
			return fault(400, "ValidationException", "Invalid pagination token.")
		}
		rows = kept
	}
	page := rows
	switch {
	case in.NextToken == "" && len(rows) > s.pageRows:
		page = nil
	case len(rows) > s.pageRows:
		page = rows[:s.pageRows]
	}
	if rest := rows[len(page):]; len(rest) > 0 {
		next = "token-" + strconv.Itoa(len(s.tokens)) + "-" + strconv.FormatInt(time.Now().UnixNano(), 36)
		s.tokens[next] = rest
	}
	return s.page(columns, page, next)
}

func (s *service) page(columns []string, rows []map[string]string, next string) *reply {
	out := map[string]any{"QueryId": "Q1"}
	var info, list []any
	for _, c := range columns {
		info = append(info, map[string]any{"Name": c, "Type": map[string]string{"ScalarType": "VARCHAR"}})
	}
	for _, r := range rows {
		var data []any
		for _, c := range columns {
			if v, ok := r[c]; ok {
				data = append(data, map[string]any{"ScalarValue": v})
			} else {
				data = append(data, map[string]any{"NullValue": true})
			}
		}
		list = append(list, map[string]any{"Data": data})
	}
	out["ColumnInfo"], out["Rows"] = info, list
	if list == nil {
		out["Rows"] = []any{}
	}
	if next != "" {
		out["NextToken"] = next
	}
	text, _ := json.Marshal(out)
	return &reply{200, string(text)}
}
