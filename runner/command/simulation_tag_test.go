//go:build simulation

package command

func init() { allSimulations = true }
