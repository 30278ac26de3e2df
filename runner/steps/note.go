package steps

import (
	"errors"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// note copies the facts of a call's last reply into the result. What another row's call met, and
// ended the run with, isn't this one's. The status stands for what Okta said: an answer of somebody
// else's has none, but for a server's error.
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

// noteChange is note for a call that changes the target. One in doubt has no status but a server's
// error: whoever reads the row would take a 4xx for a refusal, and a 2xx for a change that was
// made.
func noteChange(res *runner.Result, rep oktaclient.Reply, err error) {
	note(res, rep, err)
	if oktaclient.FateOf(err) == oktaclient.InDoubt && rep.Status < 500 {
		res.HTTPStatus = 0
	}
}
