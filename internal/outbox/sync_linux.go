package outbox

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const canSyncAll = true

// syncAll makes all files durable that were written on dir's file system (syncfs(2)).
func syncAll(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(os.NewSyscallError("syncfs", unix.Syncfs(int(d.Fd()))), d.Close())
}
