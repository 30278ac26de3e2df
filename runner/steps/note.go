package steps

import (
	"errors"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// note copies the last reply of a call into the result. An error that another row's call met, and
// that ended the run, isn't copied. HTTPStatus is Okta's answer: an answer from somebody else has
// none, except for a server error.
func note(res *runner.Result, rep oktaclient.Reply, err error) {
	res.HTTPStatus, res.RequestID, res.ErrorCode = rep.Status, rep.RequestID, ""
	if errors.Is(err, oktaclient.ErrNotOkta) && rep.Status < 500 {
		res.HTTPStatus = 0
	}
	var api *oktaclient.APIError
	if oktaclient.FateOf(err) != oktaclient.NotSent && errors.As(err, &api) {
		res.ErrorCode = api.Code
	}
}

// noteChange is note for a call that changes the target. A change in doubt has no status, except
// for a server error: a reader would take a 4xx for a refusal, and a 2xx for a change that was
// made.
func noteChange(res *runner.Result, rep oktaclient.Reply, err error) {
	note(res, rep, err)
	if oktaclient.FateOf(err) == oktaclient.InDoubt && rep.Status < 500 {
		res.HTTPStatus = 0
	}
}
