package outbox

// WriteFile writes data to path in one step and durably. Only this user can read the file. After a power cut there is
// the old file or the new one.
func WriteFile(path string, data []byte) error { return write(path, data) }
