package oktaclient

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// firstPoll is when a push may have been answered at the earliest. The time to the next poll doubles up to maxPoll, which is how often
	// Okta's own sign-in page asks.
	firstPoll = time.Second
	maxPoll   = 4 * time.Second
	// maxPush bounds the wait for a push that says no end: Okta's pushes live for five minutes.
	maxPush = 5 * time.Minute
)

// ErrNoTransaction is returned by [Client.AwaitPush] for a verification that names no transaction of this org to ask for.
var ErrNoTransaction = errors.New("okta names no transaction of this factor, so that its end can't be known")

// GetTransaction returns how far the verification of a push is. It counts in [BucketUsers].
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/getFactorTransactionStatus
//
//meta:operation GET /api/v1/users/{userId}/factors/{factorId}/transactions/{transactionId}
func (c *Client) GetTransaction(ctx context.Context, userID, factorID, transactionID string) (Verification, Reply, error) {
	var v Verification
	if err := checkID(factorID); err != nil {
		return v, Reply{}, err
	}
	if err := checkTransactionID(transactionID); err != nil {
		return v, Reply{}, err
	}
	rep, err := c.getOf(ctx, &v, userID, "factors", factorID, "transactions", transactionID)
	v.TransactionID = transactionID
	return v, rep, err
}

// AwaitPush asks for the transaction of v every few seconds until it isn't WAITING any more, and returns its end. One that lasts beyond
// its own end by the server's clock is a TIMEOUT. The end of ctx, or an error, ends the wait: then what came of the push isn't known.
func (c *Client) AwaitPush(ctx context.Context, userID, factorID string, v Verification) (Verification, error) {
	if v.Result == ResultWaiting && v.TransactionID == "" {
		return v, ErrNoTransaction
	}
	ends := c.Now().Add(maxPush)
	if v.ExpiresAt.After(c.Now()) && v.ExpiresAt.Before(ends) {
		ends = v.ExpiresAt
	}
	for wait := firstPoll; v.Result == ResultWaiting; wait = min(2*wait, maxPoll) {
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return v, unsentError(context.Cause(ctx))
		}
		last := !c.Now().Before(ends) // Okta may still say what it was
		now, _, err := c.GetTransaction(ctx, userID, factorID, v.TransactionID)
		if err != nil {
			return v, err
		}
		v = now
		if last && v.Result == ResultWaiting {
			v.Result = ResultTimeout
		}
	}
	return v, nil
}

// checkTransactionID refuses what could lead to another path.
func checkTransactionID(id string) error {
	if len(id) < 8 || len(id) > 200 || strings.Contains(id, "..") || strings.ContainsFunc(id, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("-_.", r)
	}) {
		return unsentError(fmt.Errorf("%q is no ID of a transaction", cut(id, 40)))
	}
	return nil
}
