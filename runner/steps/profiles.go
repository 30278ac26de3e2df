package steps

import (
	"fmt"
	"hash/maphash"
	"iter"
	"sync"

	"oktareset/runner"
)

// profiles remembers what each row asks to enroll. Rows of one user that ask for different phones
// contradict each other, and chance must not decide between them.
type profiles struct {
	mu     sync.Mutex
	seed   maphash.Seed
	hashes map[int]uint64 // by row
}

// Remember records the profile of each row that passes through.
func (l *List) Remember(jobs iter.Seq2[runner.Job, error]) iter.Seq2[runner.Job, error] {
	if l.opts.Enroll == nil {
		return jobs
	}
	return func(yield func(runner.Job, error) bool) {
		for j, err := range jobs {
			if err == nil {
				l.profiles.add(j.Row.N, l.profileText(j.Row))
			}
			if !yield(j, err) {
				return
			}
		}
	}
}

func (l *List) profileText(row runner.Row) string {
	profile, err := l.opts.Enroll.Profile(row)
	return fmt.Sprint(profile, err)
}

func (p *profiles) add(row int, profile string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hashes == nil {
		p.hashes, p.seed = make(map[int]uint64), maphash.MakeSeed()
	}
	p.hashes[row] = maphash.String(p.seed, profile)
}

// differ reports whether two rows are known to ask for different profiles.
func (p *profiles) differ(a, b int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	x, known := p.hashes[a]
	y, both := p.hashes[b]
	return known && both && x != y
}
