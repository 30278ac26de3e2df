package conform

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"
)

// served are the beginnings of the paths that the stand-in may serve. The rest of a description
// is cut off before it is read: much of it has references that lead nowhere.
var served = []string{"/api/v1/users", "/api/v1/groups", "/api/v1/iam/assignees", "/api/v1/logs", "/api/v1/org", "/.well-known/"}

type object = map[string]any

// loadSpec reads an OpenAPI description and completes it, see [clean] and [flatten].
func loadSpec(t *testing.T, path string) *openapi3.T {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var tree object
	if err := yaml.Unmarshal(text, &tree); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	paths := tree["paths"].(object)
	maps.DeleteFunc(paths, func(path string, _ any) bool {
		return !slices.ContainsFunc(served, func(begin string) bool { return strings.HasPrefix(path, begin) })
	})
	delete(tree, "servers")
	components := tree["components"].(object)
	delete(components, "examples")
	plain := clean(tree, false).(object)
	plain["components"] = reachable(plain)
	flatten(plain)
	text, err = json.Marshal(plain)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return doc
}

// clean returns v without examples, and with the values that Okta's SDKs know in the place of the
// enumeration that was taken out for them.
func clean(v any, names bool) any {
	switch v := v.(type) {
	case map[any]any: // has a key that is a number
		o := make(object, len(v))
		for key, value := range v {
			o[fmt.Sprint(key)] = value
		}
		return clean(o, names)
	case object:
		o := make(object, len(v))
		for key, value := range v {
			if !names && (key == "example" || key == "examples") {
				continue
			}
			o[key] = clean(value, key == "properties" && !names)
		}
		if values, ok := o["x-okta-known-values"]; ok && !names && o["enum"] == nil && o["type"] == "string" {
			o["enum"] = values
		}
		return o
	case []any:
		list := make([]any, len(v))
		for i, value := range v {
			list[i] = clean(value, false)
		}
		return list
	}
	return v
}

// reachable returns those components that paths lead to.
func reachable(tree object) object {
	all, kept := tree["components"].(object), object{"securitySchemes": tree["components"].(object)["securitySchemes"]}
	var visit func(any)
	visit = func(v any) {
		switch v := v.(type) {
		case object:
			for key, value := range v {
				if ref, ok := value.(string); ok && (key == "$ref" || strings.HasPrefix(ref, "#/components/")) {
					keep(ref, all, kept, visit)
				}
				visit(value)
			}
		case []any:
			for _, value := range v {
				visit(value)
			}
		}
	}
	visit(tree["paths"])
	return kept
}

// keep puts what ref names into kept, and all that it leads to.
func keep(ref string, all, kept object, visit func(any)) {
	parts := strings.Split(ref, "/")
	if len(parts) != 4 {
		return
	}
	kind, name := parts[2], parts[3]
	group, ok := kept[kind].(object)
	if !ok {
		group = object{}
		kept[kind] = group
	}
	if _, ok := group[name]; ok {
		return
	}
	if from, ok := all[kind].(object); ok && from[name] != nil {
		group[name] = from[name]
		visit(from[name])
	}
}

// flatten makes a schema that others inherit from, as Okta's factors do, into the choice of these:
// a validator looks at a discriminator only where there is a choice.
func flatten(tree object) {
	schemas := tree["components"].(object)["schemas"].(object)
	for name, s := range maps.Clone(schemas) {
		schema := s.(object)
		discriminator, ok := schema["discriminator"].(object)
		mapping, _ := discriminator["mapping"].(object)
		if !ok || len(mapping) == 0 || schema["oneOf"] != nil || schema["anyOf"] != nil {
			continue
		}
		itself, base := "#/components/schemas/"+name, "#/components/schemas/"+name+".base"
		inherit(tree, itself, base)
		alone := maps.Clone(schema)
		delete(alone, "discriminator")
		schemas[name+".base"] = alone
		choices := make(map[string]bool)
		for value, ref := range mapping {
			if ref == itself {
				mapping[value] = base
			}
			choices[mapping[value].(string)] = true
		}
		var oneOf []any
		for _, ref := range slices.Sorted(maps.Keys(choices)) {
			oneOf = append(oneOf, object{"$ref": ref})
		}
		schemas[name] = object{"oneOf": oneOf, "discriminator": discriminator}
	}
}

// inherit lets whatever inherits from itself inherit from base.
func inherit(v any, itself, base string) {
	switch v := v.(type) {
	case object:
		if parents, ok := v["allOf"].([]any); ok {
			for _, p := range parents {
				if p, ok := p.(object); ok && p["$ref"] == itself {
					p["$ref"] = base
				}
			}
		}
		for _, value := range v {
			inherit(value, itself, base)
		}
	case []any:
		for _, value := range v {
			inherit(value, itself, base)
		}
	}
}
