package keep

import (
	"bytes"
	"fmt"
	"io"
)

// WriteTo makes a file at path, which write fills, in one step.
func WriteTo(path, what string, write func(io.Writer) error) error {
	var b bytes.Buffer
	err := write(&b)
	if err == nil {
		err = Replace(path, b.Bytes())
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	return nil
}
