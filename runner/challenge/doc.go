// Package challenge lets a user prove who they are by one of their factors. Only Okta's SUCCESS is
// a proof.
//
// [Find] finds the factor that is meant. [Usable] and [Lost] refuse one that can't prove anything.
// [Challenge.Do] sends what the factor needs, reads the answer unseen, and returns what Okta says.
// It sends one passcode or one push, never a second. On a terminal, a wrong passcode may be
// corrected twice: Okta locks a factor after five wrong ones.
//
// A [Verifier] does that for a run, right before the reset. It records the success durably before
// anything else happens. After a run that died in between, the recorded one counts for a few
// minutes ([steps.VerifiedFor]), for the same user and the same factor. Nothing else takes the
// place of Okta's SUCCESS: not a lost answer, not consent, not a passcode that somebody sent
// before.
package challenge
