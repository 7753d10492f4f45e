package commandline

import (
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"rtcbench/internal/settings"
)

// Text reads the text of a flag. The name of a file may begin and end as it likes, and so may an argument that is
// no flag's.
func Text(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("string", &text); err != nil {
		return err
	}
	if ctx.Value.Flag != nil && ctx.Value.Tag.Get("completion-predictor") == "" {
		text = settings.Clean(text)
	}
	target.SetString(text)
	return nil
}

// Help adds the names of the environment variables to a flag's help.
func Help(v *kong.Value) string {
	if name := v.Tag.Get("from"); name != "" {
		return strings.TrimSuffix(v.Help, ".") + " ($" + strings.ReplaceAll(name, ",", ", $") + ")."
	}
	return v.Help
}
