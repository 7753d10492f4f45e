package benchtest

// Secrets are of the forms that people have: of LiveKit, Daily, InfluxDB, and of their own.
var Secrets = []string{
	"abcdefghijklmnopqrstuvwxyz0123456789", "xMnOqa0W8oCkJcfbPZ3rXUmhVeTqKyLdRfGsBnAoIzE", "hunter2", "bob:pa$Word1",
	"APIbXn5LhFyTk3Q",
	"eyJhbGciOiJIUzI1NiJ9.eyJ2aWRlbyI6e319.c2lnbmF0dXJl",
	"3f9a0c7be15d48263f9a0c7be15d48263f9a0c7be15d48263f9a0c7be15d4826",
	"q8RkT0pWzXvY2nLbJ4hGfD6sA1cE3uIoM5yK7wQ9rN_tB-VxZlPjHgFdSaUeOiCm0==",
}
