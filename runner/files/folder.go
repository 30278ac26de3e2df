package files

// Folder says who else may add files to a folder or remove them.
type Folder struct {
	// it belongs to this user or root, and others can't replace this user's files in it
	Trusted bool
	Shared  bool   // its group may write to it
	Message string // why it isn't trusted, in lower case, without its path
}
