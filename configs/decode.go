package configs

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/redress-cms/redress/cases"
)

// maxDepth bounds nested values, since an alias may contain itself.
const maxDepth = 64

// decoder fills Go values from YAML strictly and remembers where each value
// stands. All faults are gathered.
type decoder struct {
	name   string                // of the file, for places
	dir    string                // relative paths start here
	origin map[*yaml.Node]string // nodes that came from the environment, by variable
	places map[string]string     // by path
	faults Faults
}

// nodeReader reads a value of a shape of its own.
type nodeReader interface {
	readNode(n *yaml.Node) error
}

// defaulter is a list element with defaults of its own.
type defaulter interface{ setDefaults() }

// shorthand is a value that may be written in a shorter form; longhand is what
// that form stands for.
type shorthand interface{ longhand(n *yaml.Node) *yaml.Node }

func newDecoder(name string) *decoder {
	return &decoder{name: name, dir: filepath.Dir(name), origin: map[*yaml.Node]string{}, places: map[string]string{}}
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// parse reads the one document of a file. It returns a mapping, empty for an
// empty file.
func (d *decoder) parse(data []byte) *yaml.Node {
	empty := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	reader := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	err := reader.Decode(&document)
	if err == nil {
		var second yaml.Node
		if err2 := reader.Decode(&second); !errors.Is(err2, io.EOF) {
			d.fault(&second, "", "there is more than one document; take out the line ---")
		}
	}
	switch {
	case errors.Is(err, io.EOF):
		return empty
	case err != nil:
		place := d.name
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil && m[1] != "" {
			place += ":" + m[1]
		}
		d.faults = append(d.faults, Fault{Place: place, Message: "is not YAML: " + yamlLine.ReplaceAllString(err.Error(), "")})
		return empty
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return empty
	}
	return root
}

func (d *decoder) place(n *yaml.Node) string {
	if variable, ok := d.origin[n]; ok {
		return variable
	}
	if n.Line == 0 {
		return d.name
	}
	return d.name + ":" + strconv.Itoa(n.Line)
}

// placeOf is where the value at path stands, or else what surrounds it.
func (d *decoder) placeOf(path string) string {
	for path != "" {
		if place, ok := d.places[path]; ok {
			return place
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return d.name
}

// has reports whether a value was written for path.
func (d *decoder) has(path string) bool {
	_, ok := d.places[path]
	return ok
}

func (d *decoder) fault(n *yaml.Node, path, format string, args ...any) {
	d.faults = append(d.faults, Fault{Place: d.place(n), Path: path, Message: fmt.Sprintf(format, args...)})
}

// value decodes one node into v.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path string, depth int) {
	if depth > maxDepth {
		d.fault(n, path, "is nested too deeply")
		return
	}
	if n.Kind == yaml.AliasNode {
		d.value(n.Alias, v, path, depth+1)
		return
	}
	d.places[path] = d.place(n)
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	if own, ok := v.Addr().Interface().(nodeReader); ok {
		if err := own.readNode(n); err != nil {
			d.fault(n, path, "%s", err)
		}
		return
	}
	if short, ok := v.Addr().Interface().(shorthand); ok {
		n = short.longhand(n)
	}
	if _, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok || isScalar(v.Kind()) {
		d.scalar(n, v, path)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v, path, depth)
	case reflect.Slice:
		d.list(n, v, path, depth)
	case reflect.Map:
		d.mapping(n, v, path, depth)
	default:
		panic("configs: no way to decode a " + v.Type().String()) // a programmer's error, met by every test
	}
}

func isScalar(k reflect.Kind) bool {
	return k != reflect.Struct && k != reflect.Slice && k != reflect.Map
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a group of keys"
	case yaml.SequenceNode:
		return "a list"
	}
	return "a single value"
}

func (d *decoder) structure(n *yaml.Node, v reflect.Value, path string, depth int) {
	if n.Kind != yaml.MappingNode {
		d.fault(n, path, "is %s; write a group of keys", kindName(n))
		return
	}
	fields, names := fieldsOf(v.Type())
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, node := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		if seen[key.Value] {
			d.fault(key, at, "is there twice; keep one")
			continue
		}
		seen[key.Value] = true
		if index, ok := fields[key.Value]; ok {
			d.value(node, v.Field(index), at, depth+1)
		} else if index, ok := secretField(v.Type(), fields, key.Value); ok {
			d.secretFile(node, v.Field(index), at)
		} else {
			d.fault(key, at, "is no setting; %s", didYouMean(key.Value, names))
		}
	}
	for name := range fields {
		if _, own := fields[name+"_file"]; !own && seen[name] && seen[name+"_file"] {
			d.fault(n, join(path, name), "is given and %s_file too; keep one", name)
		}
	}
}

// fieldsOf maps the keys of a struct to its fields; names are in order.
func fieldsOf(t reflect.Type) (fields map[string]int, names []string) {
	fields = map[string]int{}
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ","); name != "" && name != "-" {
			fields[name] = i
			names = append(names, name)
		}
	}
	return fields, names
}

// secretField finds the secret that key_file fills.
func secretField(t reflect.Type, fields map[string]int, key string) (int, bool) {
	name, ok := strings.CutSuffix(key, "_file")
	if !ok {
		return 0, false
	}
	index, ok := fields[name]
	if !ok {
		return 0, false
	}
	switch t.Field(index).Type {
	case reflect.TypeFor[Secret](), reflect.TypeFor[Secrets]():
		return index, true
	}
	return 0, false
}

// secretFile reads a secret from the file that node names; a line break at its
// end is not part of it.
func (d *decoder) secretFile(n *yaml.Node, v reflect.Value, path string) {
	d.places[path] = d.place(n)
	d.places[strings.TrimSuffix(path, "_file")] = d.place(n)
	if n.Kind != yaml.ScalarNode || n.Value == "" {
		d.fault(n, path, "needs the path of a file")
		return
	}
	data, err := os.ReadFile(d.path(n.Value))
	if err != nil {
		d.fault(n, path, "%s: %s; create it or take the key out", n.Value, cause(err))
		return
	}
	secret := strings.TrimRight(string(data), "\r\n")
	if secret == "" {
		d.fault(n, path, "the file is empty; write the secret into it")
	}
	if v.Type() == reflect.TypeFor[Secrets]() {
		v.Set(reflect.ValueOf(Secrets{Secret(secret)}))
		return
	}
	v.SetString(secret)
}

// path is a path of the file relative to the file's own folder.
func (d *decoder) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(d.dir, p)
}

// cause is an error of the file system without operation and path.
func cause(err error) string {
	if p := (*os.PathError)(nil); errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, path string, depth int) {
	items := n.Content
	switch {
	case n.Kind == yaml.SequenceNode:
	case n.Kind == yaml.ScalarNode && v.Type() == reflect.TypeFor[Secrets]():
		if n.Value == "" {
			return
		}
		items = []*yaml.Node{n}
	default:
		d.fault(n, path, "is %s; write a list", kindName(n))
		return
	}
	list := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		element := list.Index(i)
		if with, ok := element.Addr().Interface().(defaulter); ok {
			with.setDefaults()
		}
		d.value(item, element, fmt.Sprintf("%s[%d]", path, i), depth+1)
	}
	v.Set(list)
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string, depth int) {
	if n.Kind != yaml.MappingNode {
		d.fault(n, path, "is %s; write a group of keys", kindName(n))
		return
	}
	m := reflect.MakeMap(v.Type())
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if m.MapIndex(reflect.ValueOf(key.Value)).IsValid() {
			d.fault(key, join(path, key.Value), "is there twice; keep one")
			continue
		}
		element := reflect.New(v.Type().Elem()).Elem()
		d.value(n.Content[i+1], element, join(path, key.Value), depth+1)
		m.SetMapIndex(reflect.ValueOf(key.Value), element)
	}
	v.Set(m)
}

func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.ScalarNode {
		d.fault(n, path, "is %s; write a single value", kindName(n))
		return
	}
	if err := setScalar(v, n.Value); err != nil {
		d.fault(n, path, "%s", err)
	}
}

func setScalar(v reflect.Value, s string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(s))
	}
	if v.Type() == reflect.TypeFor[time.Duration]() {
		duration, err := parseDuration(s)
		v.SetInt(int64(duration))
		return err
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		b, err := strconv.ParseBool(s)
		if err != nil {
			return fmt.Errorf("%q is not true or false", s)
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int64:
		i, err := strconv.ParseInt(s, 10, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("%q is not a whole number", s)
		}
		v.SetInt(i)
	case reflect.Float64:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return fmt.Errorf("%q is not a number", s)
		}
		v.SetFloat(f)
	}
	return nil
}

// parseDuration reads 30s, 5m, 4h, 1m30s, 3d. Working time has no meaning
// without a calendar.
func parseDuration(s string) (time.Duration, error) {
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return d, nil
	}
	if d, err := cases.ParseDuration(s); err == nil && d.Unit == cases.Days {
		return time.Duration(d.N) * 24 * time.Hour, nil
	}
	return 0, fmt.Errorf("%q is not a time span; write it as 30s, 5m, 4h or 3d", s)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
