package outbox

// Files are the files of each run in the outbox, by the run's ID: waiting and rejected ones.
func (o *Outbox) Files() (map[string][]string, error) {
	byRun := map[string][]string{}
	for _, dir := range []string{o.dir, o.rejected()} {
		items, _, _, err := list(dir)
		if err != nil {
			return nil, err
		}
		for _, i := range items {
			byRun[i.run] = append(byRun[i.run], i.path)
		}
	}
	return byRun, nil
}

// Remove removes the files of the run with this ID from the outbox, and returns their paths.
func (o *Outbox) Remove(id string) ([]string, error) {
	byRun, err := o.Files()
	if err != nil {
		return nil, err
	}
	for _, path := range byRun[id] {
		if err := remove(path); err != nil {
			return nil, err
		}
	}
	return byRun[id], nil
}
