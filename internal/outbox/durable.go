package outbox

// WriteFile puts data at path in one step and durably, for this user alone: after a power cut there is the old file or
// the new one.
func WriteFile(path string, data []byte) error { return write(path, data) }
