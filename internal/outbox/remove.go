package outbox

// Files are what lies in the outbox of each run, by its ID: what waits, and what was rejected.
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

// Remove takes away what lies in the outbox of the run with that ID, and returns its files.
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
