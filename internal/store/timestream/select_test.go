package timestream

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// token is a piece of SQL: an identifier in quotes, a string, a word or number, or a sign.
var token = regexp.MustCompile(`^\s*("(?:[^"]|"")*"|'(?:[^']|'')*'|[A-Za-z_]\w*|\d+|<=|>=|[=<>(),.])`)

type parser struct {
	tokens []string
	err    error
}

func parse(sql string) *parser {
	p := &parser{}
	for rest := strings.TrimSpace(sql); rest != ""; {
		m := token.FindStringSubmatch(rest)
		if m == nil {
			p.err = fmt.Errorf("mismatched input near %.20q", rest)
			return p
		}
		p.tokens, rest = append(p.tokens, m[1]), strings.TrimSpace(rest[len(m[0]):])
	}
	return p
}

// next takes a token off.
func (p *parser) next() string {
	if len(p.tokens) == 0 {
		p.fail("<EOF>")
		return ""
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

func (p *parser) fail(at string) {
	if p.err == nil {
		p.err = fmt.Errorf("mismatched input %q", at)
	}
	p.tokens = nil
}

// take takes the words off, if they are next.
func (p *parser) take(words ...string) bool {
	if p.err == nil && len(p.tokens) >= len(words) && slices.Equal(p.tokens[:len(words)], words) {
		p.tokens = p.tokens[len(words):]
		return true
	}
	return false
}

func (p *parser) want(words ...string) {
	if !p.take(words...) {
		p.fail(strings.Join(words, " ") + " expected")
	}
}

func (p *parser) identifier() string { return p.quoted('"') }

func (p *parser) quoted(q byte) string {
	t := p.next()
	if len(t) < 2 || t[0] != q {
		p.fail(t)
		return ""
	}
	return strings.ReplaceAll(t[1:len(t)-1], string([]byte{q, q}), string(q))
}

// evaluate carries out what the store asks: SELECT columns FROM d.t WHERE conditions joined by AND, ORDER BY, LIMIT;
// and DESCRIBE.
func (s *service) evaluate(sql string) (columns []string, rows []map[string]string, err error) {
	p := parse(sql)
	if p.take("DESCRIBE") {
		for c, kind := range s.types {
			rows = append(rows, map[string]string{"Column": c, "Type": kind})
		}
		return []string{"Column", "Type", "Timestream attribute type"}, rows, p.err
	}
	p.want("SELECT")
	for columns = append(columns, p.identifier()); p.take(","); {
		columns = append(columns, p.identifier())
	}
	p.want("FROM")
	p.identifier()
	p.want(".")
	p.identifier()
	p.want("WHERE")
	conditions := []func(map[string]string) bool{s.condition(p)}
	for p.take("AND") {
		conditions = append(conditions, s.condition(p))
	}
	order := p.order()
	limit := -1
	if p.take("LIMIT") {
		limit, _ = strconv.Atoi(p.next())
	}
	if len(p.tokens) > 0 {
		p.fail(p.tokens[0])
	}
	for _, c := range columns {
		if _, known := s.types[c]; !known && p.err == nil {
			p.err = fmt.Errorf("line 1:8: Column '%s' does not exist", c)
		}
	}
	if p.err != nil {
		return nil, nil, p.err
	}
	for _, r := range s.records {
		if !slices.ContainsFunc(conditions, func(ok func(map[string]string) bool) bool { return !ok(r.columns) }) {
			rows = append(rows, r.columns)
		}
	}
	slices.SortFunc(rows, order)
	if limit >= 0 && len(rows) > limit {
		rows = rows[:limit]
	}
	return columns, rows, nil
}

func (s *service) condition(p *parser) func(map[string]string) bool {
	column := p.identifier()
	if _, known := s.types[column]; !known && p.err == nil {
		p.err = fmt.Errorf("line 1:8: Column '%s' does not exist", column)
	}
	if p.take("IN", "(") {
		values := []string{p.quoted('\'')}
		for p.take(",") {
			values = append(values, p.quoted('\''))
		}
		p.want(")")
		return func(r map[string]string) bool { return slices.Contains(values, r[column]) }
	}
	operator := p.next()
	if p.take("TIMESTAMP") != (column == "time") {
		p.fail("TIMESTAMP")
	}
	value := p.quoted('\'')
	return func(r map[string]string) bool {
		have, ok := r[column]
		if !ok {
			return false
		}
		switch operator {
		case "=":
			return have == value
		case ">=":
			return have >= value
		case "<":
			return have < value
		}
		panic("operator " + operator)
	}
}

// order is ORDER BY.
func (p *parser) order() func(a, b map[string]string) int {
	type key struct {
		column string
		sign   int
	}
	var keys []key
	if p.take("ORDER", "BY") {
		for more := true; more; more = p.take(",") {
			k := key{p.identifier(), 1}
			if p.take("DESC") {
				k.sign = -1
			}
			keys = append(keys, k)
		}
	}
	return func(a, b map[string]string) int {
		for _, k := range keys {
			if c := strings.Compare(a[k.column], b[k.column]); c != 0 {
				return c * k.sign
			}
		}
		return 0
	}
}
