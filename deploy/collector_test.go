package deploy_test

import (
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

type collector struct {
	Receivers, Processors, Exporters, Extensions map[string]yaml.Node
	Service                                      struct {
		Extensions []string
		Pipelines  map[string]struct{ Receivers, Processors, Exporters []string }
	}
}

// A pipeline that names a part which is not there stops the collector.
func TestCollector(t *testing.T) {
	c := read[collector](t, "deploy/otel/collector.yaml")
	defined := func(kind string, parts map[string]yaml.Node, names []string) {
		t.Helper()
		for _, n := range names {
			if _, ok := parts[n]; !ok {
				t.Errorf("%s %s is used and not defined", kind, n)
			}
		}
	}
	defined("extension", c.Extensions, c.Service.Extensions)
	if len(c.Service.Pipelines) == 0 {
		t.Fatal("no pipeline")
	}
	for name, p := range c.Service.Pipelines {
		if len(p.Receivers) == 0 || len(p.Exporters) == 0 {
			t.Errorf("pipeline %s begins or ends nowhere", name)
		}
		defined("receiver", c.Receivers, p.Receivers)
		defined("processor", c.Processors, p.Processors)
		defined("exporter", c.Exporters, p.Exporters)
		if !slices.Contains(p.Processors, "redaction") {
			t.Errorf("pipeline %s lets everything through", name)
		}
	}
}

func TestRedaction(t *testing.T) {
	type redaction struct {
		AllowAllKeys bool     `yaml:"allow_all_keys"`
		AllowedKeys  []string `yaml:"allowed_keys"`
	}
	c := read[struct {
		Processors struct{ Redaction redaction }
	}](t, "deploy/otel/collector.yaml")
	r := c.Processors.Redaction
	if r.AllowAllKeys || len(r.AllowedKeys) == 0 {
		t.Error("the collector lets every attribute through, or none")
	}
	for _, k := range r.AllowedKeys {
		for _, never := range []string{"url.", "user", "client.", "exception.message", "exception.stacktrace", "query", "body"} {
			if strings.Contains(k, never) {
				t.Errorf("%s may hold personal data", k)
			}
		}
	}
	for _, s := range read[compose](t, "docker-compose.yml").Services {
		if to := s.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"]; to != "" && to != "http://otel-collector:4318" {
			t.Errorf("traces go to %s", to)
		}
	}
}
