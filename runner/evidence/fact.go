package evidence

import (
	"cmp"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// Kind is what happened to somebody, as far as this program asks.
type Kind uint8

// The kinds.
const (
	Took     Kind = iota + 1 // a factor, or all of them
	Gave                     // a factor, or it changed one, which shows that there is one
	SignedIn                 // to Okta itself
	Admin                    // the Admin Console was opened
	Proved                   // who they are, by a factor
)

// Fact is who did what to whom, by one event.
type Fact struct {
	Kind   Kind
	Done   bool   // it happened; else it was only tried
	Whole  bool   // it belongs to a reset of all factors, for certain
	Factor string // in the log's words; "": it doesn't say which
	User   oktaclient.LogParty
	By     Source
}

// Source is who did something, and in which run: "" for none of this program's.
type Source struct {
	ActorID string
	Actor   string // what people call it
	RunID   string
	First   string // the first run of the results that this run resumes; "": it resumes none
}

// SourceOf is who caused an event.
func SourceOf(e *oktaclient.LogEvent) Source {
	agent := e.Client.UserAgent.Raw
	return Source{ActorID: e.Actor.ID, Actor: ActorName(e.Actor), RunID: runner.RunIn(agent), First: runner.ResumedIn(agent)}
}

// ActorName returns an actor's name for people to read.
func ActorName(p oktaclient.LogParty) string { return cmp.Or(p.Login(), p.DisplayName) }

// FactOf returns what an event says. It reports false for an event of another kind, and for one
// that happened to nobody.
func FactOf(e *oktaclient.LogEvent) (Fact, bool) {
	f := Fact{Done: e.Outcome.Result == oktaclient.OutcomeSuccess, Factor: e.Factor(), User: e.User(), By: SourceOf(e)}
	switch e.EventType {
	case oktaclient.EventResetAll, oktaclient.EventDeactivate:
		f.Kind, f.Whole = Took, e.Whole()
	case oktaclient.EventActivate, oktaclient.EventUpdate:
		f.Kind = Gave
	case oktaclient.EventVerify:
		f.Kind = Proved
		if f.User.ID == "" {
			f.User = e.Actor
		}
	case oktaclient.EventSignIn:
		f.Kind, f.User = SignedIn, e.Actor
	case oktaclient.EventAdmin:
		f.Kind, f.User = Admin, e.Actor
	}
	return f, f.Kind != 0 && f.User.ID != ""
}
