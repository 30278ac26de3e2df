package export

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"oktareset/oktaclient"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/steps"
)

// candidate is a user whose factors decide.
type candidate struct {
	id    string
	cells []string
	in    bool // belongs into the export
}

// byFactors exports those users whose factors are as the flags ask. Only once all users are
// known it can say what that costs, so the users are kept in memory meanwhile.
func (x *export) byFactors(ctx context.Context, users iter.Seq2[oktaclient.UserRecord, error]) error {
	if w := steps.Undocumented(x.opts.HasFactor); w != "" {
		x.Console.Alert("--has-factor: %s", w)
	}
	matches, err := x.factorMatch(ctx)
	if err != nil {
		return err
	}
	var all []candidate
	err = x.each(users, func(u oktaclient.UserRecord) error {
		if u.Status() == oktaclient.StatusDeprovisioned {
			x.unlisted++
			return nil
		}
		all = append(all, candidate{id: u.ID(), cells: cells(u, x.opts.Columns)})
		return nil
	})
	if err != nil || len(all) == 0 {
		return err
	}
	x.announce(ctx, len(all))
	if err := x.listFactors(ctx, all, matches); err != nil {
		return err
	}
	for _, c := range all {
		if !c.in {
			continue
		}
		if err := x.write(c.id, c.cells); err != nil {
			return err
		}
	}
	return nil
}

// factorMatch returns what decides by a user's factors.
func (x *export) factorMatch(ctx context.Context) (func([]oktaclient.Factor) bool, error) {
	if !x.opts.NoFactors {
		return func(list []oktaclient.Factor) bool { return slices.ContainsFunc(list, x.asked) }, nil
	}
	org, err := x.client.GetOrg(ctx)
	if err != nil {
		return nil, err
	}
	counts := func(f oktaclient.Factor) bool { return org.Engine != oktaclient.EngineIdentity || f.Type != "email" }
	return func(list []oktaclient.Factor) bool { return !slices.ContainsFunc(list, counts) }, nil
}

// asked reports whether a factor is one of --has-factor.
func (x *export) asked(f oktaclient.Factor) bool {
	return slices.ContainsFunc(x.opts.HasFactor, func(want steps.FactorType) bool { return want.Names(f) })
}

// announce says what listing the factors of so many users costs, before it begins.
func (x *export) announce(ctx context.Context, users int) {
	if _, _, ok := x.client.Allowance(oktaclient.BucketUsers); !ok {
		_, _, _ = x.client.ListUsers(ctx, "", 1) // a group's members count elsewhere; should this fail, so will the factors, and say why
	}
	x.Console.Info("listing the factors of %s: %s, which count together with resets; %s", console.Plural(users, "user"), console.Plural(users, "call"),
		access.Estimate(x.client, users, x.opts.Rate, "how long it takes isn't known, as the org doesn't tell its limit"))
}

// listFactors lists the factors of all candidates and marks those that belong into the export.
// The client paces the calls; the pool is only as large as the client lets be under way.
func (x *export) listFactors(ctx context.Context, all []candidate, matches func([]oktaclient.Factor) bool) error {
	bar := x.progress("list factors", len(all))
	defer bar.Done()
	var gone atomic.Int64
	x.wanted = len(all)
	pool, calls := errgroup.WithContext(ctx)
	pool.SetLimit(oktaclient.DefaultMaxInFlight)
	for i := range all {
		if calls.Err() != nil {
			break
		}
		pool.Go(func() error {
			list, _, err := x.client.ListFactors(calls, all[i].id)
			switch {
			case oktaclient.FateOf(err) == oktaclient.Missing:
				gone.Add(1)
			case err != nil:
				return fmt.Errorf("list the factors of user %s: %w", all[i].id, err)
			default:
				all[i].in = matches(list)
			}
			bar.Count()
			x.looked.Add(1)
			return nil
		})
	}
	err := pool.Wait()
	if err == nil {
		err = context.Cause(ctx)
	}
	x.unlisted += int(gone.Load())
	return err
}
