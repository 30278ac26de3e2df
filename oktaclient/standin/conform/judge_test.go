package conform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// exchange is a request and its reply as they were seen between client and org.
type exchange struct {
	method  string
	url     *url.URL
	header  http.Header
	body    []byte
	status  int
	reply   http.Header
	content []byte
}

// judge is one edition of Okta's description.
type judge struct {
	doc    *openapi3.T
	scopes map[string][]string // of the access tokens seen so far
}

func newJudge(t *testing.T, path string) *judge {
	t.Helper()
	return &judge{doc: loadSpec(t, path), scopes: make(map[string][]string)}
}

// name is the edition of the description.
func (j *judge) name() string { return "Okta's description " + j.doc.Info.Version }

var options = &openapi3filter.Options{
	MultiError: true, IncludeResponseStatus: true, RejectWhenRequestBodyNotSpecified: true, SkipSettingDefaults: true,
	AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
}

// judge returns how an exchange differs from the description. It reports false for a path that the
// description doesn't have.
func (j *judge) judge(x exchange) (differences []string, ok bool) {
	j.remember(x)
	route, params := j.find(x)
	if route == nil {
		return nil, false
	}
	request, err := http.NewRequest(x.method, x.url.String(), bytes.NewReader(x.body))
	if err != nil {
		return []string{fmt.Sprintf("request %s: %v", x.method, err)}, true
	}
	request.Header = x.header
	in := &openapi3filter.RequestValidationInput{
		Request: request, PathParams: params, QueryParams: x.url.Query(), Route: route, Options: options,
	}
	ctx := context.Background()
	op := route.Operation.OperationID
	add := func(side string, texts ...string) {
		for _, text := range texts {
			differences = append(differences, side+" "+text)
		}
	}
	asked := "request " + op + ":"
	add(asked, reasons(openapi3filter.ValidateRequest(ctx, in), "")...)
	add(asked, unknownParameters(route, x.url.Query())...)
	if route.Operation.RequestBody != nil {
		add(asked, undeclared(route.Operation.RequestBody.Value.Content, x.header, x.body)...)
	}
	answered := fmt.Sprintf("reply %s %d:", op, x.status)
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: x.status, Header: x.reply, Body: io.NopCloser(bytes.NewReader(x.content)), Options: options,
	}
	add(answered, reasons(openapi3filter.ValidateResponse(ctx, out), "")...)
	if response := route.Operation.Responses.Status(x.status); response != nil {
		if len(response.Value.Content) == 0 && len(bytes.TrimSpace(x.content)) > 0 {
			add(answered, "a body where none is described: "+shape(x.content))
		}
		add(answered, undeclared(response.Value.Content, x.reply, x.content)...)
	}
	add(answered, j.lets(route, x)...)
	return differences, true
}

// shape is a short body, or the length of a long one.
func shape(b []byte) string {
	if len(b) > 20 {
		return fmt.Sprintf("%d bytes", len(b))
	}
	return string(b)
}

// find returns the operation that a request is for. Of two that fit, the one with fewer variables
// counts.
func (j *judge) find(x exchange) (*routers.Route, map[string]string) {
	segments := strings.Split(strings.TrimSuffix(x.url.EscapedPath(), "/"), "/")
	var found *routers.Route
	var params map[string]string
	for path, item := range j.doc.Paths.Map() {
		parts := strings.Split(path, "/")
		op := item.GetOperation(x.method)
		if op == nil || len(parts) != len(segments) {
			continue
		}
		p, fits := make(map[string]string), true
		for i, part := range parts {
			if strings.HasPrefix(part, "{") {
				p[strings.Trim(part, "{}")], _ = url.PathUnescape(segments[i])
			} else if part != segments[i] {
				fits = false
				break
			}
		}
		if fits && (found == nil || len(p) < len(params)) {
			found, params = &routers.Route{Spec: j.doc, Path: path, PathItem: item, Method: x.method, Operation: op}, p
		}
	}
	return found, params
}

// remember notes the scopes of a new access token.
func (j *judge) remember(x exchange) {
	var token struct {
		Token string `json:"access_token"`
		Scope string `json:"scope"`
	}
	if x.url.Path == "/oauth2/v1/token" && x.status == 200 && json.Unmarshal(x.content, &token) == nil {
		j.scopes[token.Token] = strings.Fields(token.Scope)
	}
}

// lets compares whether the org allows a call with whether the description does.
func (j *judge) lets(route *routers.Route, x exchange) []string {
	scheme, token, _ := strings.Cut(x.header.Get("Authorization"), " ")
	granted, known := j.scopes[token]
	security := route.Operation.Security
	if security == nil {
		security = &j.doc.Security
	}
	may := len(*security) == 0
	for _, requirement := range *security {
		scopes, byToken := requirement["oauth2"]
		_, bySSWS := requirement["apiToken"]
		may = may || bySSWS && scheme == "SSWS" || byToken && known && !slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(granted, s) })
	}
	switch {
	case (x.status < 300 || x.status == http.StatusNotFound) && !may: // a 404 tells that nothing is there
		return []string{"allows what the description refuses: " + scheme}
	case known && may && strings.Contains(x.reply.Get("Www-Authenticate"), "insufficient_scope"):
		return []string{"refuses what the description allows: " + scheme}
	}
	return nil
}

func unknownParameters(route *routers.Route, query url.Values) (texts []string) {
	for name := range query {
		if route.Operation.Parameters.GetByInAndName("query", name) == nil && route.PathItem.Parameters.GetByInAndName("query", name) == nil {
			texts = append(texts, "parameter "+name+" isn't described")
		}
	}
	return texts
}

// list is the index of an element in a JSON pointer.
var list = regexp.MustCompile(`/\d+(/|$)`)

// place writes where in a body something is, the elements of a list as one.
func place(path string) string {
	for list.MatchString(path) {
		path = list.ReplaceAllString(path, "/*$1")
	}
	if path == "" {
		return "/"
	}
	return path
}

// reasons lists what a validator found, as deep down as it says.
func reasons(err error, at string) (texts []string) {
	var several openapi3.MultiError
	var schema *openapi3.SchemaError
	var request *openapi3filter.RequestError
	var response *openapi3filter.ResponseError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &request) && request.Err == nil || errors.As(err, &response) && response.Err == nil:
		return []string{err.Error()}
	}
	switch e := err.(type) { //nolint:errorlint // the tree is walked node by node
	case openapi3.MultiError:
		several = e
	case *openapi3.SchemaError:
		schema = e
	default:
		if inner := errors.Unwrap(err); inner != nil {
			if p, ok := err.(*openapi3filter.RequestError); ok && p.Parameter != nil { //nolint:errorlint // as above
				at = p.Parameter.In + " " + p.Parameter.Name + at
			}
			return reasons(inner, at)
		}
		return []string{place(at) + ": " + err.Error()}
	}
	for _, one := range several {
		texts = append(texts, reasons(one, at)...)
	}
	if schema == nil {
		return slices.Compact(slices.Sorted(slices.Values(texts)))
	}
	if deeper := (*openapi3.SchemaError)(nil); errors.As(schema.Origin, &deeper) {
		return reasons(schema.Origin, at) // which says the whole way
	}
	for _, key := range schema.JSONPointer() {
		at += "/" + key
	}
	return []string{place(at) + ": " + schema.Reason}
}

// undeclared lists the members of a body that its schema doesn't describe, though it describes
// others beside them.
func undeclared(content openapi3.Content, header http.Header, body []byte) []string {
	media := content.Get(header.Get("Content-Type"))
	var value any
	if media == nil || media.Schema == nil || json.Unmarshal(body, &value) != nil {
		return nil
	}
	found := make(map[string]bool)
	members([]*openapi3.Schema{media.Schema.Value}, value, "", found)
	var texts []string
	for path := range found {
		texts = append(texts, place(path)+": isn't described")
	}
	return slices.Compact(slices.Sorted(slices.Values(texts)))
}

func members(schemas []*openapi3.Schema, value any, at string, found map[string]bool) {
	all := parts(schemas, value, nil)
	switch value := value.(type) {
	case []any:
		var items []*openapi3.Schema
		for _, s := range all {
			if s.Items != nil {
				items = append(items, s.Items.Value)
			}
		}
		for i, v := range value {
			members(items, v, fmt.Sprintf("%s/%d", at, i), found)
		}
	case map[string]any:
		described, open := 0, false
		for _, s := range all {
			described += len(s.Properties)
			open = open || s.AdditionalProperties.Schema != nil || s.AdditionalProperties.Has != nil
		}
		for key, v := range value {
			var inner []*openapi3.Schema
			for _, s := range all {
				if p := s.Properties[key]; p != nil {
					inner = append(inner, p.Value)
				}
			}
			if len(inner) == 0 && described > 0 && !open {
				found[place(at+"/"+key)] = true
			}
			members(inner, v, at+"/"+key, found)
		}
	}
}

// parts returns the schemas and all that they are made of; of a choice, that which the value names,
// or else every one.
func parts(schemas []*openapi3.Schema, value any, all []*openapi3.Schema) []*openapi3.Schema {
	for _, s := range schemas {
		if s == nil || slices.Contains(all, s) {
			continue
		}
		all = append(all, s)
		chosen := ""
		if m, ok := value.(map[string]any); ok && s.Discriminator != nil {
			name, _ := m[s.Discriminator.PropertyName].(string)
			chosen = s.Discriminator.Mapping[name].Ref
		}
		for _, ref := range slices.Concat(s.AllOf, s.AnyOf, s.OneOf) {
			if chosen == "" || ref.Ref == chosen || slices.Contains(s.AllOf, ref) {
				all = parts([]*openapi3.Schema{ref.Value}, value, all)
			}
		}
	}
	return all
}
