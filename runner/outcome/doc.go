// Package outcome says how a reset went: in lines for people, as JSON, and as the one line of the log
// that a job's owner reads.
package outcome
