package job

// OwnEndings are those of the files that this program writes and doesn't take as a list of users. A
// plan is one, and so is an export.
var OwnEndings = []string{".results.csv", ".results.json", ".results.html", ".results.input.csv", ".results.journal", ".audit.csv", ".plan.json", ".plan.html", ".plan.journal"}
