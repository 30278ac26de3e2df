package oktaclient_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// Reset one user's factors. dispatch is called just before a request is sent that may change
// something: a caller that keeps records then records that the user is taken.
func Example() {
	org := standin.New(standin.Config{Unlimited: true})
	alice := org.Add(standin.User{Login: "alice@example.com"})
	server := httptest.NewServer(org)
	defer server.Close()

	url, err := oktaclient.ParseOrgURL(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	client := oktaclient.New(url, oktaclient.Options{Token: oktaclient.Token(org.Token())})
	reply, err := client.ResetFactors(context.Background(), alice.ID, func() error {
		fmt.Println("alice is taken")
		return nil
	})
	switch fate := oktaclient.FateOf(err); fate {
	case oktaclient.Done:
		fmt.Println("reset, after", reply.Attempts, "attempt")
	case oktaclient.InDoubt:
		fmt.Println("perhaps reset: nobody may send it again blindly")
	default:
		fmt.Println("not reset:", err)
	}
	fmt.Println(org.Did(alice.ID).Resets, "reset by the org's own count")
	// Output:
	// alice is taken
	// reset, after 1 attempt
	// 1 reset by the org's own count
}

// The fate of a request is one word, whatever the answer was.
func ExampleFateOf() {
	org := standin.New(standin.Config{Unlimited: true})
	bob := org.Add(standin.User{Login: "bob@example.com", Status: standin.StatusDeprovisioned})
	server := httptest.NewServer(org)
	defer server.Close()

	url, err := oktaclient.ParseOrgURL(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	client := oktaclient.New(url, oktaclient.Options{Token: oktaclient.Token(org.Token())})
	_, err = client.ResetFactors(context.Background(), bob.ID, nil)
	fmt.Println(oktaclient.FateOf(err) == oktaclient.Missing)
	// Output: true
}
