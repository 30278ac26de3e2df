package files

// Folder says who else may put files into a folder, or take some away.
type Folder struct {
	Trusted bool   // it is this user's or root's, and others can't replace this user's files there
	Shared  bool   // its group may write to it
	Message string // why it isn't trusted, lower case, without its path
}
