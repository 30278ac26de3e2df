package access

import (
	"errors"
	"testing"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// A command waits only if Okta has answered before, whichever client it was. A client that has given
// up is replaced, others keep what they know of the org's limits.
func TestMayPass(t *testing.T) {
	t.Parallel()
	org := standin.New(standin.Config{})
	url, err := oktaclient.ParseOrgURL("https://acme.okta.com")
	if err != nil {
		t.Fatal(err)
	}
	c := &Connection{Config: Config{URL: url}, options: oktaclient.Options{Token: oktaclient.Token(org.Token()), Transport: org.Transport()}}
	c.Renew()
	if first := c.Client; c.MayPass(oktaclient.ErrOutage) || c.Client != first {
		t.Error("nobody has answered, and the command waits")
	}
	if _, err := c.Client.GetOrg(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		err           error
		waits, renews bool
	}{
		{oktaclient.ErrNotOkta, true, false},
		{errors.New("no space left on device"), false, false},
		{oktaclient.ErrOutage, true, true},
		{oktaclient.ErrNotOkta, true, false}, // the new client has met nobody yet
		{oktaclient.ErrLimited, true, true},
	} {
		before := c.Client
		if waits := c.MayPass(tt.err); waits != tt.waits || (c.Client != before) != tt.renews {
			t.Errorf("%v: waits %v, a new client %v; want %v and %v", tt.err, waits, c.Client != before, tt.waits, tt.renews)
		}
	}
}
