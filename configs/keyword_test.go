package configs_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/configs"
)

func TestKeywordsWithWeights(t *testing.T) {
	org := func(keywords string) []byte {
		return []byte(`
jurisdiction: {id: city.example, name: City, timezone: Asia/Kolkata, languages: [en], default_region: IN, reference_prefix: C}
policies: [{name: standard, resolve_within: 10d}]
departments: [{code: desk, name: Desk}]
services:
  - {code: leak, name: Leak, department: desk, keywords: {en: [` + keywords + `]}}
routes: {department: desk}
`)
	}
	o, err := configs.ParseOrganisation("org.yaml", org("drip, leak: 2, {word: burst pipe, weight: 0.5}"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"drip", "leak", "burst pipe"}, o.Services[0].Keywords["en"]); diff != "" {
		t.Error(diff)
	}
	for word, want := range map[string]float64{"drip": 1, "leak": 2, "burst pipe": 0.5} {
		if got := o.Services[0].Weight("en", word); got != want {
			t.Errorf("%s weighs %v, want %v", word, got, want)
		}
	}
	written, err := configs.ExportOrganisation(o)
	if err != nil {
		t.Fatal(err)
	}
	again, err := configs.ParseOrganisation("again.yaml", written)
	if err != nil {
		t.Fatalf("the export is not read back: %v\n%s", err, written)
	}
	if diff := cmp.Diff(o.Services, again.Services); diff != "" {
		t.Errorf("the export differs:\n%s", diff)
	}
	for keywords, want := range map[string]string{
		"leak: heavy":             `org.yaml:6: services[0].keywords.en[0].weight: "heavy" is not a number`,
		"leak: -1":                `org.yaml:6: services[0].keywords.en[0]: the weight of "leak" is not above 0 and up to 100`,
		"{word: leak, wieght: 2}": `org.yaml:6: services[0].keywords.en[0].wieght: is no setting; did you mean weight?`,
		"[leak]":                  `services[0].keywords.en[0]: is a list; write a group of keys`,
		`{word: "!!", weight: 2}`: `services[0].keywords.en[0]: "!!" has no letters or digits`,
	} {
		if _, err := configs.ParseOrganisation("org.yaml", org(keywords)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v, want %s", keywords, err, want)
		}
	}
}
