package contract

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Columns are samples by the names of their fields: a list for each field, all of one length.
type Columns []Sample

// UnmarshalJSON wants a column for each field of Sample, and no other.
func (c *Columns) UnmarshalJSON(data []byte) error {
	var columns map[string]json.RawMessage
	if err := json.Unmarshal(data, &columns); err != nil {
		return err
	}
	t := reflect.TypeFor[Sample]()
	if len(columns) != t.NumField() {
		return fmt.Errorf("%d columns of samples; %d are known", len(columns), t.NumField())
	}
	for i := range t.NumField() {
		name := t.Field(i).Tag.Get("json")
		column := reflect.New(reflect.SliceOf(t.Field(i).Type))
		if err := json.Unmarshal(columns[name], column.Interface()); err != nil {
			return fmt.Errorf("samples, column %s: %w", name, err)
		}
		values := column.Elem()
		if i == 0 {
			*c = make([]Sample, values.Len())
		}
		if values.Len() != len(*c) {
			return fmt.Errorf("samples, column %s: %d values; the first has %d", name, values.Len(), len(*c))
		}
		for j := range *c {
			reflect.ValueOf(&(*c)[j]).Elem().Field(i).Set(values.Index(j))
		}
	}
	return nil
}
