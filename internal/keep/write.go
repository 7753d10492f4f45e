package keep

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// WriteTo makes a file at path; write fills it.
func WriteTo(path, what string, write func(io.Writer) error) error {
	var b bytes.Buffer
	err := write(&b)
	if err == nil {
		err = os.WriteFile(path, b.Bytes(), 0o644)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	return nil
}
