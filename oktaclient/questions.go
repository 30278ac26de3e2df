package oktaclient

import (
	"context"
	"encoding/json"
)

// Question is a security question that a user may choose.
type Question struct {
	Key  string `json:"question"`     // as disliked_food: the name to enroll it by
	Text string `json:"questionText"` // as people read it

	Raw json.RawMessage `json:"-"` // Okta's JSON, complete
}

// UnmarshalJSON also keeps the JSON in Raw.
func (q *Question) UnmarshalJSON(b []byte) error {
	type fields Question
	if err := json.Unmarshal(b, (*fields)(q)); err != nil {
		return err
	}
	q.Raw = append([]byte(nil), b...)
	return nil
}

// ListQuestions returns the security questions that the user with this ID may choose from. Okta
// answers it for API tokens only, not for OAuth. It counts in [BucketUsers].
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/listSupportedSecurityQuestions
//
//meta:operation GET /api/v1/users/{userId}/factors/questions
func (c *Client) ListQuestions(ctx context.Context, userID string) ([]Question, Reply, error) {
	var list []Question
	rep, err := c.getOf(ctx, &list, userID, "factors", "questions")
	return list, rep, err
}
