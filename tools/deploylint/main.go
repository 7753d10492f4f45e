// Command deploylint loads the compose files and builds the kustomizations of ../../deploy with the libraries of Docker
// Compose and of kustomize, and reads the dashboards strictly by Grafana's own schema. It is a module of its own:
// rtcbench needs none of them. The manifests go to standard output, for a validator of schemas.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/text"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func main() {
	if err := lint(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "deploylint:", err)
		os.Exit(1)
	}
}

func lint(deploy string) error {
	for _, folder := range []string{deploy, filepath.Join(deploy, "fleet"),
		filepath.Join(deploy, "grafana")} {
		if err := load(folder); err != nil {
			return err
		}
	}
	if err := dashboards(filepath.Join(deploy, "grafana", "dashboards")); err != nil {
		return err
	}
	folders, err := filepath.Glob(filepath.Join(deploy, "kubernetes", "*", "kustomization.yaml"))
	if err != nil || len(folders) == 0 {
		return fmt.Errorf("no kustomization in %s: %w", deploy, err)
	}
	for _, path := range folders {
		built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Dir(path))
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		text, err := built.AsYaml()
		if err != nil {
			return err
		}
		fmt.Printf("---\n%s", text)
	}
	return nil
}

// load loads the compose file of a folder, with the example of its settings.
func load(folder string) error {
	options, err := cli.NewProjectOptions([]string{filepath.Join(folder, "compose.yaml")},
		cli.WithEnvFiles(filepath.Join(folder, "env.example")), cli.WithDotEnv, cli.WithName("rtcbench"))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return fmt.Errorf("%s: %w", folder, err)
	}
	if len(project.Services) < 3 {
		return fmt.Errorf("%s: %d services, want a server, an echo or a hub, and a runner", folder,
			len(project.Services))
	}
	return nil
}

// dashboards reads those of a folder.
func dashboards(folder string) error {
	runtime := cog.NewRuntime()
	for _, panel := range []variants.PanelcfgConfig{timeseries.VariantConfig(), stat.VariantConfig(),
		table.VariantConfig(), text.VariantConfig()} {
		runtime.RegisterPanelcfgVariant(panel)
	}
	runtime.RegisterDataqueryVariant(prometheus.VariantConfig())
	list, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(list) == 0 {
		return fmt.Errorf("no dashboard in %s: %w", folder, err)
	}
	for _, path := range list {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var d dashboard.Dashboard
		// A list of errors without one is no error.
		if err := d.UnmarshalJSONStrict(data); err != nil && err.Error() != "" {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := d.Validate(); err != nil && err.Error() != "" {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}
