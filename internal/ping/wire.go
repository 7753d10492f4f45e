package ping

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"rtcbench/bench"
)

// A message is JSON text that the original tool understands too; both sides ignore unknown keys.
//
//	ping  {"type":"ping","timestamp":T1,"seq":7,"run":"5c1ab2f0"}  T1: Unix ms, at most three decimals; it identifies
//	                                                             the ping
//	      … "channel":"lossy"                                    when it was sent on the lossy channel
//	      … "pad":"xxx"                                          up to the payload size asked for
//	pong  {"type":"pong","client_timestamp":T1,"server_receive_time":T2,"server_send_time":T3,
//	       "message_count":7,"seq":7,"seen":7,"seen_last":7,"seen_window":"7f","echo":"rtcbench"}
//	      … "clock_error_ms":0.6                                 how far from UTC the echo's clock may be, where its
//	                                                             kernel knows
//	      … "clock":"wrong"                                      from an echo whose clock is wrong on purpose
//	      seen: pings of this run that the echo has had, the highest number, and a bit for each of the last 64

// maxMessage is the size in bytes above which a message is not read.
const maxMessage = 64 << 10

// maxNumber is the length of the longest number that is sent back: a pong must not grow with
// what strangers write.
const maxNumber = 64

func appendPing(b []byte, t1 float64, seq uint32, run string, p bench.Plan) []byte {
	begin := len(b)
	b = append(b, `{"type":"ping","timestamp":`...)
	b = strconv.AppendFloat(b, t1, 'f', -1, 64)
	b = append(b, `,"seq":`...)
	b = strconv.AppendUint(b, uint64(seq), 10)
	b = append(append(append(b, `,"run":"`...), run...), '"')
	if p.Class == bench.DataChannelLossy {
		b = append(b, `,"channel":"lossy"`...)
	}
	if missing := p.PayloadBytes - (len(b) - begin) - len(`,"pad":""}`); missing > 0 {
		b = append(b, `,"pad":"`...)
		for range missing {
			b = append(b, 'x')
		}
		b = append(b, '"')
	}
	return append(b, '}')
}

// Ping is a ping as the echo reads it. Its fields point into the message that was read.
type Ping struct {
	Timestamp []byte // the number as it stood there, to be returned unchanged
	Seq       []byte // nil = the ping had none
	Run       []byte // names the run, quotes and all; nil = the runner does not ask what the echo has seen

	Class bench.TransportClass // the ping came by this class, and so is its pong to go
}

// Number is the ping's own number; 0 = it has none.
func (p Ping) Number() (n uint32) {
	isUint(p.Seq, 10, 32, func(seq uint64) { n = uint32(seq) })
	return n
}

// DecodePing reads a ping; ok is false for everything else.
func DecodePing(data []byte) (p Ping, ok bool) {
	isPing := false
	valid := eachField(data, func(key, value []byte) {
		switch string(key) {
		case "type":
			isPing = string(value) == `"ping"`
		case "timestamp":
			if _, ok := number(value); ok && len(value) <= maxNumber {
				p.Timestamp = value
			}
		case "seq":
			if _, ok := number(value); ok && len(value) <= maxNumber {
				p.Seq = value
			}
		case "run":
			if value[0] == '"' && len(value) <= maxNumber {
				p.Run = value
			}
		case "channel":
			p.Class = ""
			if string(value) == `"lossy"` {
				p.Class = bench.DataChannelLossy
			}
		}
	})
	return p, valid && isPing && p.Timestamp != nil
}

// Stamps are what the echo's clock says in a pong.
type Stamps struct {
	Received, Sent float64        // T2 and T3 in Unix ms
	Error          bench.Quantity // how far from UTC the clock may be
	Wrong          bool           // the clock is, on purpose
}

// AppendPong answers p; count is how many pings the echo has had, and seen, if not nil, which ones of p's run.
func AppendPong(b []byte, p Ping, at Stamps, count uint64, seen *bench.Seen) []byte {
	b = append(b, `{"type":"pong","client_timestamp":`...)
	b = append(b, p.Timestamp...)
	b = append(b, `,"server_receive_time":`...)
	b = strconv.AppendFloat(b, at.Received, 'f', -1, 64)
	b = append(b, `,"server_send_time":`...)
	b = strconv.AppendFloat(b, at.Sent, 'f', -1, 64)
	b = append(b, `,"message_count":`...)
	b = strconv.AppendUint(b, count, 10)
	if p.Seq != nil {
		b = append(b, `,"seq":`...)
		b = append(b, p.Seq...)
	}
	if seen != nil {
		b = append(b, `,"seen":`...)
		b = strconv.AppendUint(b, seen.Count, 10)
		b = append(b, `,"seen_last":`...)
		b = strconv.AppendUint(b, uint64(seen.Last), 10)
		b = append(b, `,"seen_window":"`...)
		b = strconv.AppendUint(b, seen.Window, 16)
		b = append(b, '"')
	}
	if at.Error.OK {
		b = append(b, `,"clock_error_ms":`...)
		b = strconv.AppendFloat(b, float64(at.Error.D)/float64(time.Millisecond), 'f', -1, 64)
	}
	if at.Wrong {
		b = append(b, `,"clock":"wrong"`...)
	}
	return append(b, `,"echo":"rtcbench"}`...)
}

// pong is a pong as the runner reads it. receive and send are NaN when they are not known.
type pong struct {
	timestamp, receive, send float64
	seq                      float64 // NaN = it had none
	ours                     bool    // the echo is an rtcbench
	wrong                    bool    // its clock is wrong on purpose
	clockError               float64 // of its clock, in ms; NaN = it does not say
	seen                     bench.Seen
	tells                    bool // seen is there
}

type verdict uint8

const (
	malformed  verdict = iota // not JSON, or a pong that lacks what makes one
	otherTopic                // JSON, but no pong
	isPong
)

func decodePong(data []byte) (pong, verdict) {
	p := pong{timestamp: math.NaN(), receive: math.NaN(), send: math.NaN(), seq: math.NaN(), clockError: math.NaN()}
	typed, parts := false, 0
	valid := eachField(data, func(key, value []byte) {
		switch string(key) {
		case "type":
			typed = string(value) == `"pong"`
		case "client_timestamp":
			p.timestamp = orNaN(value)
		case "server_receive_time":
			p.receive = orNaN(value)
		case "server_send_time":
			p.send = orNaN(value)
		case "seq":
			p.seq = orNaN(value)
		case "echo":
			p.ours = string(value) == `"rtcbench"`
		case "clock_error_ms":
			p.clockError = orNaN(value)
		case "clock":
			p.wrong = string(value) == `"wrong"`
		case "seen":
			parts += isUint(value, 10, 63, func(n uint64) { p.seen.Count = n })
		case "seen_last":
			parts += isUint(value, 10, 32, func(n uint64) { p.seen.Last = uint32(n) })
		case "seen_window":
			if len(value) > 2 && value[0] == '"' {
				parts += isUint(value[1:len(value)-1], 16, 64, func(n uint64) { p.seen.Window = n })
			}
		}
	})
	p.tells = parts == 3
	switch {
	case !valid, typed && math.IsNaN(p.timestamp):
		return p, malformed
	case !typed:
		return p, otherTopic
	}
	return p, isPong
}

// isUint is 1 when value is a whole number, which it then gives; 7.0 is one, too.
func isUint(value []byte, base, bits int, is func(uint64)) int {
	n, err := strconv.ParseUint(string(value), base, bits)
	if err != nil {
		f, e := strconv.ParseFloat(string(value), 64)
		if base != 10 || e != nil || f < 0 || f >= math.Exp2(float64(min(bits, 53))) || f != math.Trunc(f) {
			return 0
		}
		n = uint64(f)
	}
	is(n)
	return 1
}

func orNaN(value []byte) float64 {
	if f, ok := number(value); ok {
		return f
	}
	return math.NaN()
}

func number(value []byte) (float64, bool) {
	if value[0] != '-' && (value[0] < '0' || value[0] > '9') {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(value), 64)
	return f, err == nil
}

// eachField calls visit with each key and raw value of the JSON object in data, without
// allocating, and reports whether data is one. Keys that need escapes are passed as they stand.
// encoding/json judges first, so that the walk below meets valid text only.
func eachField(data []byte, visit func(key, value []byte)) bool {
	if len(data) > maxMessage || !json.Valid(data) {
		return false
	}
	data = bytes.TrimLeft(data, " \t\r\n")
	if data[0] != '{' {
		return false
	}
	i := skipSpace(data, 1)
	for data[i] != '}' {
		if data[i] == ',' {
			i = skipSpace(data, i+1)
		}
		end := skipValue(data, i)
		key := data[i+1 : end-1]
		i = skipSpace(data, end) // at the colon
		i = skipSpace(data, i+1) // at the value
		end = skipValue(data, i)
		visit(key, data[i:end])
		i = skipSpace(data, end)
	}
	return true
}

func skipSpace(data []byte, i int) int {
	for data[i] == ' ' || data[i] == '\t' || data[i] == '\r' || data[i] == '\n' {
		i++
	}
	return i
}

// skipValue returns the index behind the JSON value that begins at i.
func skipValue(data []byte, i int) int {
	depth := 0
	for {
		switch data[i] {
		case '"':
			for i++; data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
			i++
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\t', '\r', '\n':
			i++
		default: // number, true, false, null
			for i < len(data) && bytes.IndexByte([]byte(",:]} \t\r\n"), data[i]) < 0 {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
}
