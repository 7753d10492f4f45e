// Package protovalidate stands in for buf.build/go/protovalidate. The LiveKit server reads YAML by
// buf.build/go/protoyaml, and that package names an error of protovalidate, for users that give it a validator. LiveKit
// gives it none, so no code here is ever called. The real package would bring CEL and ANTLR into this program.
package protovalidate

import (
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
)

// ValidationError is the error of a message that breaks rules.
type ValidationError struct{ Violations []*Violation }

// Error is the messages of all violations.
func (e *ValidationError) Error() string {
	said := []string{"validation error:"}
	for _, v := range e.Violations {
		said = append(said, FieldPathString(v.Proto.GetField())+": "+v.Proto.GetMessage())
	}
	return strings.Join(said, "\n - ")
}

// Violation is one rule that a message breaks.
type Violation struct{ Proto *validate.Violation }

// FieldPathString is the path of a field, as a.b.c.
func FieldPathString(path *validate.FieldPath) string {
	var names []string
	for _, e := range path.GetElements() {
		names = append(names, e.GetFieldName())
	}
	return strings.Join(names, ".")
}
