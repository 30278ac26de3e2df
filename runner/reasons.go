package runner

// Reasons lists, for each of [Statuses] that has any, the reasons that refine it. Tests compare
// the page and the README with it.
var Reasons = map[Status][]Reason{
	StatusReset:   {ReasonVerified, ReasonPending},
	StatusSkipped: {ReasonExcluded, ReasonDuplicate, ReasonSelf, ReasonRecent, ReasonAdmin, ReasonDeprovisioned, ReasonNotEnrolled},
	StatusPartial: openReasons(),
	StatusInvalid: {ReasonEmpty, ReasonReserved, ReasonMalformed, ReasonMismatch, ReasonProfile, ReasonPolicy},
	StatusFailed:  {ReasonVerify},
	StatusUnknown: {ReasonUnverified, ReasonIncomplete},
}
