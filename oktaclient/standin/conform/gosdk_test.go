package conform

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/okta/okta-sdk-golang/v6/okta"
)

// sdk is Okta's Go SDK at work on an org.
type sdk struct {
	*okta.APIClient
	t   *testing.T
	ctx context.Context
	o   *org
	r   *result
}

// goSDK has Okta's Go SDK do what oktareset does.
func goSDK(t *testing.T, o *org, r *result) {
	// The SDK forgets the port of an org's URL.
	there := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, strings.TrimPrefix(o.url, "http://"))
	}}}
	settings := []okta.ConfigSetter{okta.WithOrgUrl("http://127.0.0.1"), okta.WithHttpClientPtr(there), okta.WithTestingDisableHttpsCheck(true), okta.WithCache(false), okta.WithRateLimitMaxRetries(0)}
	if o.app {
		key, err := os.ReadFile(o.env["OKTA_CLIENT_PRIVATEKEY"])
		if err != nil {
			t.Fatal(err)
		}
		settings = append(settings, okta.WithAuthorizationMode("PrivateKey"), okta.WithClientId(o.env["OKTA_CLIENT_CLIENTID"]),
			okta.WithPrivateKey(string(key)), okta.WithScopes(scopes))
	} else {
		settings = append(settings, okta.WithToken(o.env["OKTA_CLIENT_TOKEN"]))
	}
	cfg, err := okta.NewConfiguration(settings...)
	if err != nil {
		t.Fatal(err)
	}
	s := &sdk{okta.NewAPIClient(cfg), t, t.Context(), o, r}
	s.reads()
	user := s.user("desk0@example.com")
	s.changes(user)
	s.enrollments(user)
	s.messages(s.user("desk1@example.com"))
	s.pushes(s.user("desk2@example.com"))
	s.log()
	if o.app {
		lesser(t, o, r, settings)
	}
}

// lesser makes calls with a scope that most of them don't accept. The description says which scope
// each call needs: a call that succeeds without it is a difference.
func lesser(t *testing.T, o *org, r *result, settings []okta.ConfigSetter) {
	t.Helper()
	for _, scope := range []string{"okta.logs.read", "okta.users.read", "okta.users.manage"} {
		cfg, err := okta.NewConfiguration(append(slices.Clone(settings), okta.WithScopes([]string{scope}))...)
		if err != nil {
			t.Fatal(err)
		}
		s := &sdk{okta.NewAPIClient(cfg), t, t.Context(), o, r}
		user, factor, group := "00u00000000000000000", "opf00000000000000000", "00g00000000000000000"
		for _, ask := range []func() error{
			func() error { _, _, err := s.UserAPI.ListUsers(s.ctx).Limit(1).Execute(); return err },
			func() error { _, _, err := s.UserAPI.GetUser(s.ctx, "desk5@example.com").Execute(); return err },
			func() error { _, _, err := s.UserFactorAPI.ListFactors(s.ctx, user).Execute(); return err },
			func() error { _, _, err := s.UserFactorAPI.ListSupportedFactors(s.ctx, user).Execute(); return err },
			func() error { _, _, err := s.UserFactorAPI.GetFactor(s.ctx, user, factor).Execute(); return err },
			func() error {
				_, _, err := s.UserFactorAPI.VerifyFactor(s.ctx, user, factor).Body(okta.TokenSoftwareTotp1AsUserFactorVerifyRequest(
					&okta.TokenSoftwareTotp1{PassCode: okta.PtrString("0")})).Execute()
				return err
			},
			func() error { _, err := s.UserFactorAPI.UnenrollFactor(s.ctx, user, factor).Execute(); return err },
			func() error {
				_, _, err := s.UserFactorAPI.GetFactorTransactionStatus(s.ctx, user, factor, "v2mst.0").Execute()
				return err
			},
			func() error {
				_, err := s.UserLifecycleAPI.ResetFactors(s.ctx, "desk5@example.com").Execute()
				return err
			},
			func() error { _, err := s.UserSessionsAPI.RevokeUserSessions(s.ctx, user).Execute(); return err },
			func() error {
				_, _, err := s.UserCredAPI.ExpirePassword(s.ctx, "desk5@example.com").Execute()
				return err
			},
			func() error { _, _, err := s.GroupAPI.ListGroups(s.ctx).Execute(); return err },
			func() error { _, _, err := s.GroupAPI.GetGroup(s.ctx, group).Execute(); return err },
			func() error { _, _, err := s.GroupAPI.ListGroupUsers(s.ctx, group).Execute(); return err },
			func() error {
				_, _, err := s.RoleAssignmentAUserAPI.ListUsersWithRoleAssignments(s.ctx).Execute()
				return err
			},
			func() error {
				_, _, err := s.RoleAssignmentAUserAPI.ListAssignedRolesForUser(s.ctx, user).Execute()
				return err
			},
			func() error { _, _, err := s.SystemLogAPI.ListLogEvents(s.ctx).Limit(1).Execute(); return err },
			func() error { _, _, err := s.OrgSettingGeneralAPI.GetOrgSettings(s.ctx).Execute(); return err },
		} {
			_ = ask() // the judge sees which of them succeed
			s.r.calls++
		}
	}
}

// is notes a call of the SDK that failed, or whose result isn't what it should be.
func (s *sdk) is(call string, err error, right bool, got any) bool {
	s.r.calls++
	switch {
	case err != nil:
		s.r.add("the SDK", "%s: %v", call, err)
	case !right:
		s.r.add("the SDK", "%s: got %v", call, got)
	}
	return err == nil && right
}

// ok is is for a call whose result says nothing.
func (s *sdk) ok(call string, err error) bool { return s.is(call, err, true, nil) }

// refusal is an error with the org's own words.
func refusal(err error) string {
	var answered *okta.GenericOpenAPIError
	if errors.As(err, &answered) {
		return fmt.Sprintf("%v %s", err, answered.Body())
	}
	return fmt.Sprint(err)
}

// user is the ID of a user.
func (s *sdk) user(login string) string {
	u, _, err := s.UserAPI.GetUser(s.ctx, login).Execute()
	if !s.is("GetUser", err, err == nil && u.Profile.GetLogin() == login, u) {
		s.t.FailNow()
	}
	return u.GetId()
}

func (s *sdk) reads() {
	users, page, err := s.UserAPI.ListUsers(s.ctx).Limit(200).Execute()
	n := len(users)
	for err == nil && page.HasNextPage() {
		var next []okta.User
		page, err = page.Next(&next)
		n += len(next)
	}
	s.is("ListUsers, all pages", err, n > 450, n)
	users, _, err = s.UserAPI.ListUsers(s.ctx).Search(`profile.login sw "desk" and status eq "ACTIVE"`).SortBy("profile.login").SortOrder("desc").Execute()
	s.is("ListUsers, search", err, len(users) == 30 && users[0].Profile.GetLogin() > users[29].Profile.GetLogin(), len(users))
	users, _, err = s.UserAPI.ListUsers(s.ctx).Filter(`status eq "LOCKED_OUT"`).Execute()
	s.is("ListUsers, filter", err, len(users) > 0 && users[0].GetStatus() == "LOCKED_OUT", len(users))
	users, _, err = s.UserAPI.ListUsers(s.ctx).Q("desk2").Execute()
	s.is("ListUsers, q", err, len(users) == 10 || len(users) == 11, len(users))
	me, _, err := s.UserAPI.GetUser(s.ctx, "me").Execute()
	if s.o.app {
		s.is("GetUser, me", nil, err != nil, "a user, for a service app")
	} else {
		s.is("GetUser, me", err, err == nil && me.Profile.GetLogin() == "okta.admin@example.com", me)
	}
	groups, _, err := s.GroupAPI.ListGroups(s.ctx).Q("Sales").Execute()
	if s.is("ListGroups, q", err, len(groups) == 1, len(groups)) {
		group, _, err := s.GroupAPI.GetGroup(s.ctx, groups[0].GetId()).Execute()
		s.is("GetGroup", err, err == nil && group.GetId() == groups[0].GetId(), group)
		members, page, err := s.GroupAPI.ListGroupUsers(s.ctx, groups[0].GetId()).Limit(5).Execute()
		s.is("ListGroupUsers", err, len(members) == 5, len(members))
		if err == nil {
			_, err = page.Next(&members)
			s.is("ListGroupUsers, second page", err, len(members) == 5, len(members))
		}
	}
	_, _, err = s.GroupAPI.ListGroups(s.ctx).Search(`profile.name sw "S"`).Execute()
	s.ok("ListGroups, search", err)
	admins, _, err := s.RoleAssignmentAUserAPI.ListUsersWithRoleAssignments(s.ctx).Limit(3).Execute()
	if s.is("ListUsersWithRoleAssignments", err, err == nil && len(admins.Value) == 3, admins) {
		roles, _, err := s.RoleAssignmentAUserAPI.ListAssignedRolesForUser(s.ctx, admins.Value[0].GetId()).Execute()
		s.is("ListAssignedRolesForUser", err, len(roles) > 0, len(roles))
		_, _, err = s.UserResourcesAPI.ListUserGroups(s.ctx, admins.Value[0].GetId()).Execute()
		s.ok("ListUserGroups", err)
	}
	settings, _, err := s.OrgSettingGeneralAPI.GetOrgSettings(s.ctx).Execute()
	s.is("GetOrgSettings", err, err == nil && settings.GetId() != "", settings)
	org, _, err := s.OrgSettingMetadataAPI.GetWellknownOrgMetadata(s.ctx).Execute()
	s.is("GetWellknownOrgMetadata", err, err == nil && org.GetPipeline() == map[bool]string{true: "v1", false: "idx"}[s.o.classic], org)
}

func (s *sdk) changes(user string) {
	_, err := s.UserLifecycleAPI.ResetFactors(s.ctx, user).Execute()
	s.ok("ResetFactors", err)
	_, err = s.UserLifecycleAPI.ResetFactors(s.ctx, "desk3@example.com").Execute()
	s.ok("ResetFactors, by login", err)
	_, err = s.UserLifecycleAPI.ResetFactors(s.ctx, "nobody@example.com").Execute()
	s.is("ResetFactors, nobody", nil, err != nil && strings.Contains(refusal(err), "Resource not found: nobody@example.com (User)"), refusal(err))
	_, err = s.UserSessionsAPI.RevokeUserSessions(s.ctx, user).OauthTokens(true).ForgetDevices(true).Execute()
	s.ok("RevokeUserSessions", err)
	u, _, err := s.UserCredAPI.ExpirePassword(s.ctx, s.user("desk4@example.com")).Execute()
	s.is("ExpirePassword", err, err == nil && u.GetStatus() == "PASSWORD_EXPIRED", u)
}

func (s *sdk) enrollments(user string) {
	factors, _, err := s.UserFactorAPI.ListFactors(s.ctx, user).Execute()
	s.is("ListFactors", err, len(factors) == 2 || s.o.classic && len(factors) == 0, len(factors)) // email and the question that recovers a password
	_, _, err = s.UserFactorAPI.ListSupportedFactors(s.ctx, user).Execute()
	s.ok("ListSupportedFactors", err)
	questions, _, err := s.UserFactorAPI.ListSupportedSecurityQuestions(s.ctx, user).Execute()
	if s.o.app {
		s.is("ListSupportedSecurityQuestions", nil, err != nil, "an answer, for a service app")
	} else {
		s.is("ListSupportedSecurityQuestions", err, len(questions) > 0, len(questions))
	}
	totp, _, err := s.enroll(user, okta.UserFactorTokenSoftwareTOTPAsListFactors200ResponseInner(&okta.UserFactorTokenSoftwareTOTP{
		FactorType: "token:software:totp", Provider: okta.PtrString("GOOGLE"),
	})).Execute()
	if !s.is("EnrollFactor, totp", err, err == nil && totp.UserFactorTokenSoftwareTOTP != nil, totp) {
		return
	}
	f := totp.UserFactorTokenSoftwareTOTP
	activation := f.GetEmbedded()["activation"]
	code := passcodeNow(s.t, fmt.Sprint(activation["sharedSecret"]))
	active, _, err := s.UserFactorAPI.ActivateFactor(s.ctx, user, f.GetId()).Body(okta.TokenSoftwareTotpAsUserFactorActivateRequest(
		&okta.TokenSoftwareTotp{PassCode: &code})).Execute()
	s.is("ActivateFactor, totp", err, err == nil && active.UserFactorTokenSoftwareTOTP.GetStatus() == "ACTIVE", active)
	one, _, err := s.UserFactorAPI.GetFactor(s.ctx, user, f.GetId()).Execute()
	s.is("GetFactor", err, err == nil && one.GetStatus() == "ACTIVE", one)
	_, _, err = s.UserFactorAPI.VerifyFactor(s.ctx, user, f.GetId()).Body(okta.TokenSoftwareTotp1AsUserFactorVerifyRequest(
		&okta.TokenSoftwareTotp1{PassCode: okta.PtrString("0")})).Execute()
	s.is("VerifyFactor, wrong", nil, err != nil && strings.Contains(refusal(err), "Invalid Passcode/Answer"), refusal(err))
	_, err = s.UserFactorAPI.UnenrollFactor(s.ctx, user, f.GetId()).Execute()
	s.ok("UnenrollFactor", err)
	_, _, err = s.UserFactorAPI.GetFactor(s.ctx, user, f.GetId()).Execute()
	s.is("GetFactor, gone", nil, err != nil && strings.Contains(refusal(err), "Resource not found"), refusal(err))
	for _, kept := range factors {
		if kept.UserFactorSecurityQuestion != nil {
			_, err = s.UserFactorAPI.UnenrollFactor(s.ctx, user, kept.UserFactorSecurityQuestion.GetId()).Execute()
			s.ok("UnenrollFactor, question", err)
		}
	}
	question, _, err := s.enroll(user, okta.UserFactorSecurityQuestionAsListFactors200ResponseInner(&okta.UserFactorSecurityQuestion{
		FactorType: "question", Provider: okta.PtrString("OKTA"),
		Profile: &okta.UserFactorSecurityQuestionProfile{Question: okta.PtrString("disliked_food"), Answer: okta.PtrString("mayonnaise")},
	})).Execute()
	if s.is("EnrollFactor, question", err, err == nil && question.UserFactorSecurityQuestion.GetStatus() == "ACTIVE", question) {
		verified, _, err := s.UserFactorAPI.VerifyFactor(s.ctx, user, question.UserFactorSecurityQuestion.GetId()).Body(okta.QuestionAsUserFactorVerifyRequest(
			&okta.Question{Answer: okta.PtrString("mayonnaise")})).Execute()
		s.is("VerifyFactor, question", err, err == nil && verified.GetFactorResult() == "SUCCESS", verified)
	}
}

func (s *sdk) enroll(user string, f okta.ListFactors200ResponseInner) okta.ApiEnrollFactorRequest {
	return s.UserFactorAPI.EnrollFactor(s.ctx, user).Body(f)
}

// messages enrolls and verifies an SMS.
func (s *sdk) messages(user string) {
	_, err := s.UserLifecycleAPI.ResetFactors(s.ctx, user).Execute()
	s.ok("ResetFactors", err)
	sms := okta.UserFactorSMS{FactorType: "sms", Provider: okta.PtrString("OKTA"), Profile: &okta.UserFactorSMSProfile{PhoneNumber: okta.PtrString("+15550001111")}}
	enrolled, _, err := s.enroll(user, okta.UserFactorSMSAsListFactors200ResponseInner(&sms)).UpdatePhone(true).TokenLifetimeSeconds(600).Execute()
	s.is("EnrollFactor, sms", err, err == nil && enrolled.UserFactorSMS.GetStatus() == "PENDING_ACTIVATION", enrolled)
	id := s.o.lastFactor("mbl")
	_, _, err = s.UserFactorAPI.ResendEnrollFactor(s.ctx, user, id).ResendEnrollFactorRequest(okta.UserFactorSMSAsResendEnrollFactorRequest(&sms)).Execute()
	s.is("ResendEnrollFactor, too soon", nil, err != nil && strings.Contains(refusal(err), "too many requests"), refusal(err))
	code := s.o.passcode(s.t, user, id)
	active, _, err := s.UserFactorAPI.ActivateFactor(s.ctx, user, id).Body(okta.SmsAsUserFactorActivateRequest(&okta.Sms{PassCode: &code})).Execute()
	s.is("ActivateFactor, sms", err, err == nil && active.UserFactorSMS.GetStatus() == "ACTIVE", active)
	_, err = s.UserFactorAPI.UnenrollFactor(s.ctx, user, id).RemoveRecoveryEnrollment(true).Execute()
	s.ok("UnenrollFactor, sms", err)
	if !s.o.classic {
		return // an email enrolls itself
	}
	email := okta.UserFactorEmail{FactorType: "email", Provider: okta.PtrString("OKTA"), Profile: &okta.UserFactorEmailProfile{Email: okta.PtrString("desk1@example.com")}}
	_, _, err = s.enroll(user, okta.UserFactorEmailAsListFactors200ResponseInner(&email)).Execute()
	s.ok("EnrollFactor, email", err)
	id = s.o.lastFactor("emf")
	time.Sleep(betweenEmails)
	_, _, err = s.UserFactorAPI.ResendEnrollFactor(s.ctx, user, id).ResendEnrollFactorRequest(okta.UserFactorEmailAsResendEnrollFactorRequest(&email)).Execute()
	s.ok("ResendEnrollFactor", err)
	code = s.o.passcode(s.t, user, id)
	_, _, err = s.UserFactorAPI.ActivateFactor(s.ctx, user, id).Body(okta.EmailAsUserFactorActivateRequest(&okta.Email{PassCode: &code})).Execute()
	s.ok("ActivateFactor, email", err)
}

// pushes enrolls a push and has the user answer one.
func (s *sdk) pushes(user string) {
	_, err := s.UserLifecycleAPI.ResetFactors(s.ctx, user).Execute()
	s.ok("ResetFactors", err)
	_, _, err = s.enroll(user, okta.UserFactorPushAsListFactors200ResponseInner(&okta.UserFactorPush{
		UserFactor: okta.UserFactor{FactorType: okta.PtrString("push")}, Provider: okta.PtrString("OKTA"),
	})).Execute()
	s.ok("EnrollFactor, push", err)
	_, _, err = s.UserFactorAPI.ActivateFactor(s.ctx, user, s.o.lastFactor("opf")).Execute()
	s.ok("ActivateFactor, push", err)
	s.ok("the QR code", s.o.scan(s.ctx))
	factors, _, err := s.UserFactorAPI.ListFactors(s.ctx, user).Execute()
	s.is("ListFactors, with a push", err, len(factors) > 1, len(factors))
	push := s.o.lastFactor("opf")
	challenge, _, err := s.UserFactorAPI.VerifyFactor(s.ctx, user, push).Body(okta.Push1AsUserFactorVerifyRequest(
		&okta.Push1{UseNumberMatchingChallenge: okta.PtrBool(true)})).Execute()
	s.is("VerifyFactor, push", err, err == nil && challenge.GetFactorResult() == "WAITING", challenge)
	_, _, err = s.UserFactorAPI.GetFactorTransactionStatus(s.ctx, user, push, s.o.challenge()).Execute()
	s.ok("GetFactorTransactionStatus", err)
}

func (s *sdk) log() {
	since := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	events, page, err := s.SystemLogAPI.ListLogEvents(s.ctx).Since(since).Limit(2).SortOrder("ASCENDING").
		Filter(`eventType sw "user.mfa.factor"`).Execute()
	s.is("ListLogEvents", err, len(events) == 2 && strings.HasPrefix(events[0].GetEventType(), "user.mfa.factor"), len(events))
	if err == nil {
		_, err = page.Next(&events)
		s.is("ListLogEvents, second page", err, len(events) == 2, len(events))
	}
	events, _, err = s.SystemLogAPI.ListLogEvents(s.ctx).Since(since).Limit(5).Filter(`eventType eq "user.session.start"`).Execute()
	s.is("ListLogEvents, with places", err, len(events) == 5 && events[0].GetClient().GeographicalContext.GetCountry() != "", len(events))
	events, _, err = s.SystemLogAPI.ListLogEvents(s.ctx).Since(since).Until(time.Now().Add(time.Hour).UTC().Format(time.RFC3339)).
		SortOrder("DESCENDING").Q("reset").Execute()
	s.is("ListLogEvents, q", err, len(events) > 0, len(events))
}

// passcodeNow is the passcode of RFC 6238 that an app with this secret shows.
func passcodeNow(t *testing.T, secret string) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, time.Now().Unix()/30)
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}
