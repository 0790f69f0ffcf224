// An authorization server that is neither Microsoft's nor ours: oidc-provider over HTTPS on loopback, with its own sign-in pages, where any
// name and password do. Started by foreign_issuer.py with what it is to be like (JSON) as its only argument; prints its address (JSON) once
// it listens, and ends when its standard input does.
import { generateKeyPair, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { promisify } from "node:util";
import Provider from "oidc-provider";

const wanted = JSON.parse(process.argv[2]);
const server = createServer({ key: readFileSync(wanted.key_file), cert: readFileSync(wanted.cert_file) });
server.listen(0, "127.0.0.1");
await once(server, "listening");
const issuer = `https://localhost:${server.address().port}${wanted.path}`;

const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
const key = { ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256" };
const modes = ["query", "fragment", ...(wanted.form_post ? ["form_post"] : [])];
const names = { "megan@contoso.example": "Megan Bowen", "alex@contoso.example": "Alex Wilber" };
const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: wanted.client_id,
      client_name: "Calendar app",
      application_type: "native", // its loopback addresses stand for any port (RFC 8252, section 7.3)
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token", ...(wanted.device_flow ? [DEVICE] : [])],
      response_types: ["code"],
      response_modes: modes,
      redirect_uris: wanted.redirect_uris,
    },
  ],
  jwks: { keys: [key] },
  cookies: { keys: [randomBytes(32).toString("hex")] },
  scopes: ["openid", "offline_access", ...wanted.scopes],
  claims: { openid: ["sub"], profile: ["name", "preferred_username"], email: ["email"] },
  conformIdTokenClaims: !wanted.claims_in_id_token,
  findAccount: (_, login) => ({
    accountId: login,
    claims: () => ({ sub: login, name: names[login] ?? login, preferred_username: login, email: login }),
  }),
  features: {
    devInteractions: { enabled: true },
    deviceFlow: { enabled: wanted.device_flow },
    revocation: { enabled: true },
  },
  ttl: {
    AccessToken: wanted.access_token_seconds,
    AuthorizationCode: wanted.code_seconds,
    DeviceCode: wanted.device_code_seconds,
    IdToken: wanted.id_token_seconds,
    RefreshToken: wanted.refresh_token_seconds,
    Grant: 14 * 24 * 3600,
    Interaction: 3600,
    Session: 3600,
  },
  issueRefreshToken: (_, client, source) => wanted.refresh_tokens === "always" || source.scopes.has("offline_access"),
  rotateRefreshToken: wanted.rotate_refresh_tokens,
});

// What the provider has no setting for: the pace of polling, and which answers it says it can give.
provider.use(async (context, next) => {
  await next();
  if (context.oidc?.route === "device_authorization" && context.status === 200) context.body.interval = wanted.interval_seconds;
  if (context.oidc?.route === "discovery") context.body.response_modes_supported = modes;
});

const answer = provider.callback();
server.on("request", (request, response) => {
  if (!request.url.startsWith(wanted.path)) return response.writeHead(404).end();
  request.originalUrl = request.url; // by which the provider knows where it is mounted
  request.url = request.url.slice(wanted.path.length) || "/";
  return answer(request, response);
});
process.stdin.on("end", () => process.exit()).resume();
console.log(JSON.stringify({ issuer }));
