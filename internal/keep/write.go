package keep

import (
	"bytes"
	"fmt"
	"io"
)

// WriteTo makes the file at path in one step. write writes the content; what names the file in errors.
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
