package configs

import (
	"go.yaml.in/yaml/v3"

	"github.com/redress-cms/redress/cases"
)

// keyword is a word or phrase of a service: leak, or with how much it counts
// leak: 2, or {word: leak, weight: 2}.
type keyword struct {
	Word   string  `yaml:"word"`
	Weight float64 `yaml:"weight"`
}

func (k *keyword) setDefaults() { k.Weight = 1 }

// longhand implements shorthand.
func (k *keyword) longhand(n *yaml.Node) *yaml.Node {
	name := func(key string) *yaml.Node {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key, Line: n.Line, Column: n.Column}
	}
	switch {
	case n.Kind == yaml.ScalarNode:
		return &yaml.Node{Kind: yaml.MappingNode, Line: n.Line, Column: n.Column, Content: []*yaml.Node{name("word"), n}}
	case n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Value != "word" && n.Content[0].Value != "weight":
		return &yaml.Node{Kind: yaml.MappingNode, Line: n.Line, Column: n.Column, Content: []*yaml.Node{
			name("word"), n.Content[0], name("weight"), n.Content[1],
		}}
	}
	return n
}

// MarshalYAML writes the shortest form.
func (k keyword) MarshalYAML() (any, error) {
	if k.Weight == 1 {
		return k.Word, nil
	}
	return map[string]float64{k.Word: k.Weight}, nil
}

func (s serviceFile) service() cases.Service {
	out := cases.Service{
		Code: s.Code, Name: s.Name, Names: s.Names, Group: s.Group,
		Department: s.Department, Priority: s.Priority, Policy: s.Policy,
	}
	for lang, list := range s.Keywords {
		for _, k := range list {
			if out.Keywords == nil {
				out.Keywords = map[string][]string{}
			}
			out.Keywords[lang] = append(out.Keywords[lang], k.Word)
			if k.Weight == 1 {
				continue
			}
			if out.Weights == nil {
				out.Weights = map[string]map[string]float64{}
			}
			if out.Weights[lang] == nil {
				out.Weights[lang] = map[string]float64{}
			}
			out.Weights[lang][k.Word] = k.Weight
		}
	}
	return out
}

func exportService(s cases.Service) serviceFile {
	f := serviceFile{
		Code: s.Code, Name: s.Name, Names: s.Names, Group: s.Group,
		Department: s.Department, Priority: s.Priority, Policy: s.Policy,
	}
	for lang, words := range s.Keywords {
		for _, word := range words {
			if f.Keywords == nil {
				f.Keywords = map[string][]keyword{}
			}
			f.Keywords[lang] = append(f.Keywords[lang], keyword{word, s.Weight(lang, word)})
		}
	}
	return f
}
