// Package command is the command line: one file a command, and what all of them share. It turns
// flags into plain values once, and prints what comes back. Packages below it read no flag: they only
// name flags, in messages and in the commands that they propose. Only main.go stands above it.
//
// stdout carries data only. Everything else goes to stderr, each message once, and the exit code
// tells the rest: see [ExitCodes].
package command
