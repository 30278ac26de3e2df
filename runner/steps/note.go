package steps

import (
	"errors"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// note copies the facts of a call's last reply into the result.
func note(res *runner.Result, rep oktaclient.Reply, err error) {
	res.HTTPStatus, res.RequestID, res.ErrorCode = rep.Status, rep.RequestID, ""
	var api *oktaclient.APIError
	if errors.As(err, &api) {
		res.ErrorCode = api.Code
	}
}
