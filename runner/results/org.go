package results

// OrgName returns a host, with the ID of its org if that is known.
func OrgName(host, id string) string {
	if id == "" {
		return host
	}
	return host + " (" + id + ")"
}
