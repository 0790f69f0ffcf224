// openid-client, which is certified and knows of no vendor, signs in at an OpenID Connect issuer: people by device code and with a code and
// PKCE, apps alone. Run by its test with the issuer in the environment and the steps to take on the command line. Who signed in is asked of
// Graph where there is one, and of the issuer.
import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import * as client from "openid-client";
import { approve, isMegans, isTheApps, run, signIn } from "./steps.mjs";

const { ISSUER, CLIENT_ID, APP_ID, APP_SECRET, SCOPE = "openid profile offline_access" } = process.env;
const APP_ONLY = { scope: "https://graph.microsoft.com/.default" }, REDIRECT = "http://localhost:53682/";
const issuer = (id = CLIENT_ID, how = client.None()) => client.discovery(new URL(ISSUER), id, undefined, how);

// The issuer, and Graph where there is one, take the tokens for Megan's; openid-client compares the subjects.
async function areMegans(config, tokens, claims = tokens.claims()) {
  assert.match((await client.fetchUserInfo(config, tokens.access_token, claims.sub)).name, /Megan/);
  if (process.env.GRAPH_ROOT) await isMegans(tokens.access_token);
}

async function byCode({ nonce = client.randomNonce(), state = client.randomState(), more = {}, expected = {} } = {}) {
  const config = await issuer();
  client.enableNonRepudiationChecks(config);
  const pkceCodeVerifier = client.randomPKCECodeVerifier(), code_challenge = await client.calculatePKCECodeChallenge(pkceCodeVerifier);
  const question = { redirect_uri: REDIRECT, scope: SCOPE, nonce, state, code_challenge, code_challenge_method: "S256", prompt: "consent", ...more };
  const { url, posted } = await signIn(client.buildAuthorizationUrl(config, question));
  const form = { method: "POST", body: new URLSearchParams(posted ?? {}), headers: { "content-type": "application/x-www-form-urlencoded" } };
  const brought = posted ? new Request(url, form) : new URL(url);
  const checks = { pkceCodeVerifier, expectedNonce: nonce, expectedState: state, idTokenExpected: true, ...expected };
  return [config, await client.authorizationCodeGrant(config, brought, checks)];
}

const because = (reason) => (error) => error instanceof client.ClientError && reason.test(error.cause.message);

await run({
  async device_code() {
    const config = await issuer();
    client.enableNonRepudiationChecks(config); // the signature of the ID token too, by the issuer's published keys
    const given = await client.initiateDeviceAuthorization(config, { scope: SCOPE });
    await approve(given.verification_uri, given.user_code);
    await areMegans(config, await client.pollDeviceAuthorizationGrant(config, { ...given, interval: Math.min(given.interval ?? 5, 1) }));
  },
  async code_with_pkce() {
    await areMegans(...(await byCode()));
  },
  async code_in_a_form() {
    await areMegans(...(await byCode({ more: { response_mode: "form_post" } })));
  },
  async another_state_is_refused() {
    await assert.rejects(byCode({ expected: { expectedState: "another" } }), because(/"state"/));
  },
  async another_nonce_is_refused() {
    await assert.rejects(byCode({ expected: { expectedNonce: "another" } }), because(/"nonce"/));
  },
  async another_verifier_is_refused() {
    const another = { pkceCodeVerifier: client.randomPKCECodeVerifier() };
    await assert.rejects(byCode({ expected: another }), (error) => error instanceof client.ResponseBodyError && error.error === "invalid_grant");
  },
  async refresh() {
    const [config, first] = await byCode();
    const second = await client.refreshTokenGrant(config, first.refresh_token);
    assert.notEqual(second.access_token, first.access_token);
    await areMegans(config, second, first.claims());
  },
  async client_secret() {
    for (const how of [client.ClientSecretPost(APP_SECRET), client.ClientSecretBasic(APP_SECRET)])
      await isTheApps((await client.clientCredentialsGrant(await issuer(APP_ID, how), APP_ONLY)).access_token);
  },
  async certificate() {
    const pkcs8 = createPrivateKey(readFileSync(process.env.KEY_FILE)).export({ type: "pkcs8", format: "der" });
    const key = await crypto.subtle.importKey("pkcs8", pkcs8, { name: "RSA-PSS", hash: "SHA-256" }, false, ["sign"]);
    const x5t = Buffer.from(process.env.THUMBPRINT, "hex").toString("base64url");
    const how = client.PrivateKeyJwt(key, { [client.modifyAssertion]: (header) => Object.assign(header, { x5t }) });
    await isTheApps((await client.clientCredentialsGrant(await issuer(APP_ID, how), APP_ONLY)).access_token);
  },
});
