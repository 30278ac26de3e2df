package runner

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
)

// Every declared reason and status is in its table, once: otherwise it would have no words on the
// page and in the README.
func TestReasonsAreComplete(t *testing.T) {
	t.Parallel()
	var listed []string
	for status, reasons := range Reasons {
		if !slices.Contains(Statuses, status) {
			t.Errorf("Reasons has %q, which is no status of a finished file", status)
		}
		for _, r := range reasons {
			listed = append(listed, string(r))
		}
	}
	if want, got := constants(t, "Reason"), listed; !sameSet(want, got) {
		t.Errorf("Reasons has %q, the source declares %q", got, want)
	}
	var statuses []string
	for _, s := range append(slices.Clone(Statuses), StatusTaken) {
		statuses = append(statuses, string(s))
	}
	if want := constants(t, "Status"); !sameSet(want, statuses) {
		t.Errorf("Statuses has %q, the source declares %q", statuses, want)
	}
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// constants returns the values of this package's constants of a type.
func constants(t *testing.T, typ string) (values []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "row.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == typ && len(spec.Values) == 1 {
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
				value, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				values = append(values, value)
			}
		}
		return true
	})
	if len(values) == 0 {
		t.Fatalf("no constant of type %s is found", typ)
	}
	return values
}
