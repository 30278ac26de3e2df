package oktaclient

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// firstPoll is the earliest time at which a push may have been answered. The time to the next
	// poll doubles up to maxPoll, which is how often Okta's own sign-in page asks.
	firstPoll = time.Second
	maxPoll   = 4 * time.Second
	// maxPush limits the wait for a push without an end time: Okta's pushes live for five
	// minutes.
	maxPush = 5 * time.Minute
	// MaxActivation limits the wait for an app to scan a QR code: Okta's examples give it ten
	// minutes.
	MaxActivation = 10 * time.Minute
)

// ErrNoTransaction is returned by [Client.AwaitPush] for a verification that names no transaction
// of this org.
var ErrNoTransaction = errors.New("okta names no transaction of this factor, so its result can't be known")

// GetTransaction returns the state of a push verification. It counts in [BucketUsers].
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

// AwaitPush polls the transaction of v every few seconds until it is no longer WAITING, and
// returns its result. A transaction that outlasts its own end by the server's clock is a TIMEOUT.
// The end of ctx, or an error, ends the wait: then the push's result isn't known.
func (c *Client) AwaitPush(ctx context.Context, userID, factorID string, v Verification) (Verification, error) {
	if v.Result == ResultWaiting && v.TransactionID == "" {
		return v, ErrNoTransaction
	}
	if v.Result != ResultWaiting {
		return v, nil
	}
	now := v
	err := c.poll(ctx, v.ExpiresAt, maxPush, func() (done bool, err error) {
		now, _, err = c.GetTransaction(ctx, userID, factorID, v.TransactionID)
		return now.Result != ResultWaiting, err
	})
	switch {
	case errors.Is(err, errPollEnds):
		now.Result = ResultTimeout
	case err != nil:
		return v, err
	}
	return now, nil
}

// AwaitActivation polls a factor that its user's app activates, such as a push. It returns the
// factor once it is no longer PENDING_ACTIVATION, or has expired at ends by the server's clock
// (zero: [MaxActivation] from now).
func (c *Client) AwaitActivation(ctx context.Context, userID, factorID string, ends time.Time) (Factor, error) {
	var f Factor
	err := c.poll(ctx, ends, MaxActivation, func() (done bool, err error) {
		f, _, err = c.GetFactor(ctx, userID, factorID)
		return f.Status != FactorPending, err
	})
	if errors.Is(err, errPollEnds) {
		err = nil
	}
	return f, err
}

var errPollEnds = errors.New("the time to answer is over")

// poll asks at growing intervals until the answer is done. It returns errPollEnds if it isn't
// done at the time ends. A zero end, or one further ahead than longest, means longest from now.
func (c *Client) poll(ctx context.Context, ends time.Time, longest time.Duration, ask func() (done bool, err error)) error {
	if latest := c.Now().Add(longest); ends.IsZero() || ends.After(latest) {
		ends = latest
	}
	for wait := firstPoll; ; wait = min(2*wait, maxPoll) {
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return unsentError(context.Cause(ctx))
		}
		last := !c.Now().Before(ends) // ask once more even then: Okta may know the result
		done, err := ask()
		switch {
		case err != nil || done:
			return err
		case last:
			return errPollEnds
		}
	}
}

// checkTransactionID refuses an ID that could lead to another path.
func checkTransactionID(id string) error {
	if len(id) < 8 || len(id) > 200 || strings.Contains(id, redacted) || strings.Contains(id, "..") || strings.ContainsFunc(id, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("-_.", r)
	}) {
		return unsentError(fmt.Errorf("%q isn't the ID of a transaction", cut(id, 40)))
	}
	return nil
}
