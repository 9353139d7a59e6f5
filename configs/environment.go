package configs

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	prefix = "REDRESS_"
	// maxElements bounds the index in a variable such as
	// REDRESS_CHANNELS_SMS_0_NAME.
	maxElements = 100
)

// overlay writes the variables of the environment that name a setting over the
// tree of the file, so that they are decoded and checked like the file's.
// Variables that begin with no section's name belong to others and are left
// alone.
func (d *decoder) overlay(root *yaml.Node, env []string) {
	env = slices.Clone(env)
	slices.Sort(env)
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		steps, leaf := resolve(reflect.TypeFor[Settings](), rest)
		if leaf == nil {
			if section := sectionLike(rest); section != "" {
				d.faults = append(d.faults, Fault{Place: name, Message: "names no setting; those of " + section + " begin with " +
					prefix + strings.ToUpper(section) + " and go on with the names of the keys, joined by _"})
			}
			continue
		}
		node := d.node(root, steps, name)
		if node == nil {
			continue // the file has something else there; decoding says so
		}
		*node = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
		d.origin[node] = name
		if leaf.Kind() == reflect.Slice {
			d.split(node, value, name)
		}
	}
}

// split makes a list of a value with commas.
func (d *decoder) split(node *yaml.Node, value, variable string) {
	*node = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			item := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: part}
			d.origin[item] = variable
			node.Content = append(node.Content, item)
		}
	}
}

// resolve finds the setting that the rest of a variable's name means: its keys
// and indexes, and its type; nil when there is none. Keys contain the
// separator too, so every key that fits is tried.
func resolve(t reflect.Type, rest string) (steps []string, leaf reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if rest == "" {
		if t.Kind() == reflect.Struct || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct {
			return nil, nil
		}
		return nil, t
	}
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct {
		index, inner, _ := strings.Cut(rest, "_")
		if n, err := strconv.Atoi(index); err != nil || n < 0 || n >= maxElements {
			return nil, nil
		}
		steps, leaf = resolve(t.Elem(), inner)
		return append([]string{index}, steps...), leaf
	}
	if t.Kind() != reflect.Struct {
		return nil, nil
	}
	fields, names := fieldsOf(t)
	for _, name := range names {
		inner, ok := strings.CutPrefix(rest, strings.ToUpper(name))
		if !ok {
			continue
		}
		field := t.Field(fields[name]).Type
		if _, secret := secretField(t, fields, name+"_file"); secret && inner == "_FILE" {
			return []string{name + "_file"}, reflect.TypeFor[string]()
		}
		if inner != "" {
			if inner, ok = strings.CutPrefix(inner, "_"); !ok || inner == "" {
				continue
			}
		}
		if steps, leaf := resolve(field, inner); leaf != nil {
			return append([]string{name}, steps...), leaf
		}
	}
	return nil, nil
}

// sectionLike is the section of the settings that a variable seems to mean.
func sectionLike(rest string) string {
	_, names := fieldsOf(reflect.TypeFor[Settings]())
	lower := strings.ToLower(rest)
	for _, name := range names {
		if lower == name || strings.HasPrefix(lower, name+"_") {
			return name
		}
	}
	first, _, _ := strings.Cut(lower, "_")
	for _, name := range names {
		if len(name) > 3 && editDistance(first, name) <= 2 {
			return name
		}
	}
	return ""
}

// node finds or makes the node at the end of steps; nil where the tree has
// another shape. A key in place of its `_file` twin, or the other way round,
// takes that one's place.
func (d *decoder) node(at *yaml.Node, steps []string, variable string) *yaml.Node {
	for _, step := range steps {
		if at.Kind == yaml.AliasNode {
			at = at.Alias
		}
		if index, err := strconv.Atoi(step); err == nil {
			at = d.element(at, index, variable)
		} else {
			at = d.entry(at, step, variable)
		}
		if at == nil {
			return nil
		}
	}
	return at
}

func (d *decoder) entry(at *yaml.Node, key, variable string) *yaml.Node {
	if !become(at, yaml.MappingNode, "!!map") {
		return nil
	}
	for i := 0; i+1 < len(at.Content); i += 2 {
		if at.Content[i].Value == key {
			return at.Content[i+1]
		}
	}
	twin := cmp.Or(strings.TrimSuffix(key, "_file"), key)
	if twin == key {
		twin = key + "_file"
	}
	for i := 0; i+1 < len(at.Content); i += 2 {
		if at.Content[i].Value == twin {
			at.Content = slices.Delete(at.Content, i, i+2)
			break
		}
	}
	name, value := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, blank()
	d.origin[name], d.origin[value] = variable, variable
	at.Content = append(at.Content, name, value)
	return value
}

func (d *decoder) element(at *yaml.Node, index int, variable string) *yaml.Node {
	if !become(at, yaml.SequenceNode, "!!seq") {
		return nil
	}
	for len(at.Content) <= index {
		value := blank()
		d.origin[value] = variable
		at.Content = append(at.Content, value)
	}
	return at.Content[index]
}

func blank() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"} }

// become makes an empty node a mapping or sequence; false when it is something
// else already.
func become(n *yaml.Node, kind yaml.Kind, tag string) bool {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		n.Kind, n.Tag, n.Value = kind, tag, ""
	}
	return n.Kind == kind
}
