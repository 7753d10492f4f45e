package lab

import "testing"

// FuzzParse: whatever a scenario's file holds is an error or a scenario that can be played.
func FuzzParse(f *testing.F) {
	for _, name := range Shipped() {
		text, err := Text(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("up: &a {delay: 1e300ms, loss: .nan}\ndown: *a\n<<: *a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("x", data)
		if err == nil && (s.Alternate < 0 || s.Away(0)) {
			t.Errorf("%+v", s)
		}
	})
}
