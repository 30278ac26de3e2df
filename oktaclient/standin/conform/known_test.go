package conform

// fault is a difference that is known.
type fault struct {
	is     string // a pattern of CLIENT, SIGN-IN: DIFFERENCE, as the test prints it
	source string // where Okta shows that the stand-in and oktareset are right
}

// known are the faults of Okta's description and of the SDKs. The source of each shows that Okta
// differs from its own description, or that the SDK is wrong. The examples that sources name are in
// Okta's own edition (okta/okta-management-openapi-spec): the one of the Go SDK has none.
var known = []fault{
	// Okta sends what its description leaves out, or describes otherwise.
	{
		`.*: no description of POST /oauth2/v1/token`,
		"it belongs to Okta's OAuth 2.0 API, which has a description of its own",
	},
	{
		`.*: reply resetFactors 200: a body where none is described: \{\}`,
		"recorded in okta-sdk-python, tests/integration/cassettes/test_users_it, test_reset_factors",
	},
	{
		`.*: reply (listUsers|listGroupUsers|getUser|expirePassword) 200: (/\*)?/credentials/emails: isn't described`,
		"recorded in okta-sdk-python, tests/integration/cassettes; UserCredentials lacks them",
	},
	{
		`.*: reply getWellknownOrgMetadata 200: /(cell|settings): isn't described`,
		"recorded in terraform-provider-okta, test/fixtures/vcr; WellKnownOrgMetadata lacks both",
	},
	{
		`.*: reply listLogEvents 200: /\*/(actor/detailEntry|client/id|outcome/reason|target/\*/detailEntry|request/ipChain/\*/source): Value is not nullable`,
		"null in the description's own example ListLogs",
	},
	{
		`.*: reply listLogEvents 200: /\*/(client|request/ipChain/\*)/geographicalContext: Value is not nullable`,
		"LogGeographicalContext says that it can be missing where an address can't be placed; null in okta-developer-docs, reference/rl-best-practices",
	},
	{
		`.*: reply listLogEvents 200: /\*/authenticationContext/(issuer|interface): Value is not nullable`,
		"null in the description's own example ListLogs",
	},
	{
		`.*: reply listLogEvents 200: /\*/authenticationContext/(authenticationProvider|credentialProvider|credentialType): value is not one of the allowed values .*`,
		"null in the description's own example ListLogs",
	},
	{
		`.*: reply listLogEvents 200: /\*/authenticationContext/rootSessionId: isn't described`,
		"so in the description's own example ListLogs; LogAuthenticationContext lacks it",
	},
	{
		`.*: reply (getGroup|listGroups|listUserGroups) 200: (/\*)?/_links/owners: isn't described`,
		"recorded in terraform-provider-okta, test/fixtures/vcr, as TestAccDataSourceOktaUser_read; Group lacks it",
	},
	{
		`.*: reply getOrgSettings 200: /expiresAt: Value is not nullable`,
		"recorded in okta-sdk-python, tests/integration/cassettes/test_org_it, test_get_org_settings",
	},
	{
		`.*: reply (listFactors|enrollFactor|listSupportedFactors) 200: (/\*)?/_links/questions: isn't described`,
		"so in the description's own examples, as ListFactorsResults; LinksQuestions lacks the s",
	},
	{
		`.*: reply (enrollFactor|getFactor|resendEnrollFactor) 200: /_links/resend: value must be an object`,
		"okta-sdk-java#1667: Okta answers with a list, as in the description's own example EnrollFactorSmsResponse; LinksResend is an object",
	},
	{
		`.*: reply listFactors 200: /\*: discriminator property "factorType" has invalid value`,
		"UserFactorType has signed_nonce, the discriminator of UserFactor doesn't: okta-sdk-golang#488",
	},
	{
		`.*: reply listFactors 200: /\*/profile/keys: isn't described`,
		"recorded in okta-sdk-python, tests/integration/cassettes/test_factors_it, test_list_factors_signed_nonce",
	},
	{
		`.*: reply activateFactor 200: /(factorResult|expiresAt): isn't described`,
		"so in okta-developer-docs, reference/api/factors, Activate Push Factor; the description has it as UserFactorActivatePush, but no reply refers to that",
	},
	{
		`.*: reply activateFactor 200: /: input does not contain the discriminator property "factorType"`,
		"the same: a push that waits for its user is answered without the factor",
	},
	{
		`.*: no description of POST /api/v1/users/{id}/factors/{id}/lifecycle/activate/(email|sms)`,
		"the links in _embedded.activation._links.send of the description's own example EnrollFactorOVPushResponse",
	},
	{
		`.*: reply verifyFactor 20[01]: /profile/(phoneNumber|credentialId): value must be an object`,
		"okta-sdk-golang#576; the description's own example UserFactorChallengeSmsResponse has a text there, too",
	},
	{
		`.*: request (activateFactor|verifyFactor): /: value matches more than one schema from "oneOf" .*`,
		"no choice of UserFactorActivateRequest or UserFactorVerifyRequest requires a member: a passcode fits each of them",
	},
	{
		`Node SDK, .*: reply getUser 400: status is not supported`,
		"the description has no refusal of a proof, okta-sdk-nodejs#521 shows one",
	},
	{
		`Go SDK, .*: reply \w+ 403: response header Content-Type has unexpected value: ""`,
		"okta-sdk-golang#145: a refusal for a missing scope has no body; WWW-Authenticate names the scope",
	},
	// The SDKs differ from Okta.
	{
		`Go SDK, .*: (EnrollFactor, (sms|email)|ResendEnrollFactor): failed to unmarshal \w+ as \w+: json: cannot unmarshal array into Go struct field _UserFactor._links.resend of type .*`,
		"okta-sdk-java#1667: the SDKs that are generated from the description expect an object",
	},
	{
		`Node SDK, (service app|DPoP): getUser: HTTP 400 `,
		"okta-sdk-nodejs#521: the proof has %40 where the org looks for @",
	},
}
