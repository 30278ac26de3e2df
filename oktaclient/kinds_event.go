package oktaclient

// EventFactor is what a factor of the System Log, as in [LogEvent.Factor], is called elsewhere:
// TYPE:PROVIDER, or its name there if no more is known.
func EventFactor(name string) string {
	for _, k := range kinds {
		if name != "" && k.event == name {
			return k.typ + ":" + k.provider
		}
	}
	return name
}

// EventOutlasts reports whether a factor of the System Log is of a type that may be there after a
// reset without anybody's doing: an email, which enrolls itself on Identity Engine, or a question,
// which may be the one for a forgotten password.
func EventOutlasts(name string) bool {
	for _, k := range kinds {
		if name != "" && k.event == name {
			return !k.taken
		}
	}
	return false
}
