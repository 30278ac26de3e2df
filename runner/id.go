package runner

import (
	"crypto/rand"
	"encoding/hex"
	"regexp"
	"time"
)

// NewRunID returns a new name for a run, for the ledger, the manifest and every request's
// User-Agent: its UTC start and six random digits.
func NewRunID() string {
	var b [3]byte
	_, _ = rand.Read(b[:]) // it never fails
	return time.Now().UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(b[:])
}

// runToken matches a User-Agent of this program that names a run. It is anchored: other programs
// may repeat the name anywhere in theirs.
var runToken = regexp.MustCompile(`^oktareset/\S+ run/(\d{8}T\d{6}Z-[0-9a-f]{6})(?: resumes/(\d{8}T\d{6}Z-[0-9a-f]{6}))?(?: |$)`)

// RunIn returns the ID of the run that a request's User-Agent names, or "". Anybody can send that
// User-Agent: it proves the run only together with the run's account.
func RunIn(userAgent string) string {
	run, _ := runsIn(userAgent)
	return run
}

// ResumedIn returns the ID of the first run of the results that the run in a User-Agent resumes,
// or "". It tells the runs of a copy of these results from others.
func ResumedIn(userAgent string) string {
	_, first := runsIn(userAgent)
	return first
}

func runsIn(userAgent string) (run, first string) {
	if m := runToken.FindStringSubmatch(userAgent); m != nil {
		return m[1], m[2]
	}
	return "", ""
}

// ResumeAgent returns the User-Agent of a run, as "oktareset/1.0 run/RUN_ID", for when it resumes
// the results of a first run. If that isn't the ID of a run, the User-Agent stays as it is.
func ResumeAgent(userAgent, first string) string {
	if now := userAgent + " resumes/" + first; first != "" && ResumedIn(now) == first {
		return now
	}
	return userAgent
}
