package steps

import (
	"errors"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// note copies the facts of a call's last reply into the result. What another row's call met, and ended the run with, isn't this one's.
func note(res *runner.Result, rep oktaclient.Reply, err error) {
	res.HTTPStatus, res.RequestID, res.ErrorCode = rep.Status, rep.RequestID, ""
	var api *oktaclient.APIError
	if oktaclient.FateOf(err) != oktaclient.NotSent && errors.As(err, &api) {
		res.ErrorCode = api.Code
	}
}
