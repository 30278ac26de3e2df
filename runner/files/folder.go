package files

// Folder says who else may put files into a folder, or take some away.
type Folder struct {
	Trusted bool   // it belongs to this user or root, and others can't remove or replace this user's files in it
	Shared  bool   // its group may write to it
	Message string // why it isn't trusted, lower case, without its path
}
