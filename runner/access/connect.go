package access

import "time"

// OptionalTime is how long the start of a run waits for what it can do without.
const OptionalTime = 5 * time.Second
