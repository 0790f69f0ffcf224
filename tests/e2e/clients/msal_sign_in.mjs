// Microsoft's library for Node.js signs people and apps in, in every way it knows; each step ends with a call of Graph's.
// Run by its test with the addresses in the environment and the steps to take on the command line.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConfidentialClientApplication, CryptoProvider, InteractionRequiredAuthError, PublicClientApplication } from "@azure/msal-node";
import { approve, isMegans, isTheApps, openBrowser, run, signIn } from "./steps.mjs";

const READ = ["User.Read", "Calendars.Read"], APP_ONLY = { scopes: ["https://graph.microsoft.com/.default"] };
const SIGNED_IN = "http://localhost:53682/signed-in";
const where = { authority: `${process.env.AUTHORITY}/${process.env.TENANT_ID}`, knownAuthorities: [new URL(process.env.AUTHORITY).host] };
const publicApp = () => new PublicClientApplication({ auth: { clientId: process.env.CLIENT_ID, ...where } });
const confidential = (credential) => new ConfidentialClientApplication({ auth: { clientId: process.env.APP_ID, ...where, ...credential } });

const byDeviceCode = (app) =>
  app.acquireTokenByDeviceCode({ scopes: READ, deviceCodeCallback: ({ verificationUri, userCode }) => approve(verificationUri, userCode) });

async function withCode(app, redirectUri, verifierOf = (verifier) => verifier) {
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const question = { scopes: READ, redirectUri, state: "af0ifjsldkj", nonce: "n-0S6_WzA2Mj" };
  const url = await app.getAuthCodeUrl({ ...question, codeChallenge: challenge, codeChallengeMethod: "S256", responseMode: "query" });
  const brought = Object.fromEntries(new URL((await signIn(url)).url).searchParams);
  const answer = { ...question, code: brought.code, codeVerifier: verifierOf(verifier) };
  const result = await app.acquireTokenByCode(answer, { code: brought.code, state: brought.state });
  assert.equal(result.idTokenClaims.nonce, question.nonce);
  assert.equal(result.account.username, "megan@contoso.example");
  await isMegans(result.accessToken);
}

await run({
  async device_code() {
    const app = publicApp();
    const result = await byDeviceCode(app);
    assert.equal(result.account.name, "Megan Bowen");
    await isMegans(result.accessToken);
    const again = await app.acquireTokenSilent({ account: result.account, scopes: READ });
    assert.deepEqual([again.fromCache, again.accessToken], [true, result.accessToken]);
  },
  async silent_refresh() {
    const app = publicApp();
    const first = await byDeviceCode(app);
    const second = await app.acquireTokenSilent({ account: first.account, scopes: READ, forceRefresh: true });
    assert.notEqual(second.accessToken, first.accessToken);
    await isMegans(second.accessToken);
  },
  async refresh_after_revocation() {
    const app = publicApp();
    const { account } = await byDeviceCode(app);
    const revoked = await fetch(`${process.env.CONTROL}/revoke`, { method: "POST", body: JSON.stringify({ user: "megan" }) });
    assert.equal(revoked.status, 200);
    await assert.rejects(app.acquireTokenSilent({ account, scopes: READ, forceRefresh: true }), /50173/);
  },
  async consent_that_is_missing_asks_for_interaction() {
    const app = publicApp();
    const { account } = await byDeviceCode(app);
    await assert.rejects(app.acquireTokenSilent({ account, scopes: ["Mail.ReadWrite"] }), InteractionRequiredAuthError);
  },
  async code_with_pkce() {
    await withCode(publicApp(), "http://localhost:53682");
  },
  async code_with_pkce_of_a_web_app() {
    await withCode(confidential({ clientSecret: process.env.APP_SECRET }), SIGNED_IN);
  },
  async code_with_another_verifier_is_refused() {
    await assert.rejects(withCode(publicApp(), "http://localhost:53682", () => "x".repeat(43)), /invalid_grant.*50148/s);
  },
  async interactive() {
    const result = await publicApp().acquireTokenInteractive({ scopes: READ, openBrowser });
    await isMegans(result.accessToken);
  },
  async client_secret() {
    const app = confidential({ clientSecret: process.env.APP_SECRET });
    const result = await app.acquireTokenByClientCredential(APP_ONLY);
    await isTheApps(result.accessToken);
    assert.equal((await app.acquireTokenByClientCredential(APP_ONLY)).fromCache, true);
  },
  async client_secret_that_is_wrong() {
    await assert.rejects(confidential({ clientSecret: "nonsense" }).acquireTokenByClientCredential(APP_ONLY), /invalid_client.*7000215/s);
  },
  async certificate() {
    const privateKey = readFileSync(process.env.KEY_FILE, "utf8"), x5c = readFileSync(process.env.CERT_FILE, "utf8");
    const thumbprintSha256 = new X509Certificate(x5c).fingerprint256.replaceAll(":", "");
    for (const more of [{ thumbprintSha256 }, { thumbprintSha256, x5c }, { thumbprint: process.env.THUMBPRINT }]) {
      const app = confidential({ clientCertificate: { privateKey, ...more } });
      await isTheApps((await app.acquireTokenByClientCredential(APP_ONLY)).accessToken);
    }
  },
});
