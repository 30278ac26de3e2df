package standin

import "time"

// SetLimit changes the org's calls a minute of a bucket, from now on: what a window that is
// open has counted stays counted.
func (o *Org) SetLimit(bucket string, perMinute int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cfg.Limits == nil {
		o.cfg.Limits = make(map[string]int)
	}
	o.cfg.Limits[bucket] = perMinute
}

// Deactivate deactivates a user who was added in full.
func (o *Org) Deactivate(userID string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.dir.accounts[o.dir.find(userID)].given.Status = StatusDeprovisioned
}

// SetConcurrency changes the org's calls at one time; calls that were let in stay.
func (o *Org) SetConcurrency(calls int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cfg.Concurrency = calls
}

// SetLatency changes how long calls take that come from now on.
func (o *Org) SetLatency(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cfg.Latency = d
}

// SetClockSkew sets the server's clock, as [Config.ClockSkew] has it. Windows go on for as long
// as they would have.
func (o *Org) SetClockSkew(d time.Duration) { o.skew.Store(int64(d)) }

// SetLogLag sets how long after its published an event can be read.
func (o *Org) SetLogLag(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cfg.LogLag = d
}
