// The npm clients of panva, unmodified, against the server at ISSUER: each gets a token and asks for a permission.
// Writes what each got as one JSON object. Node reads it from its standard input, in the folder that has the packages.
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";

const { ISSUER, COMPANY_ID, COMPANY_SECRET, BSN } = process.env;
const issuer = new URL(ISSUER);
const metadataUrl = new URL("/.well-known/oauth-authorization-server", issuer);
const http = { execute: [openid.allowInsecureRequests] }; // on loopback, and nowhere else
const seen = {};

async function discovered(auth) {
  return openid.discovery(issuer, COMPANY_ID, {}, auth, { algorithm: "oauth2", ...http });
}

async function permission(config, token) {
  const url = new URL(`/dossier/${BSN}/permission`, issuer);
  const answer = await openid.fetchProtectedResource(config, token, url, "GET");
  return [answer.status, (await answer.json()).code];
}

async function asks(name, config) {
  const token = await openid.clientCredentialsGrant(config, { scope: "permission:read" });
  seen[name] = {
    token_type: token.token_type,
    expires_in: token.expires_in,
    scope: token.scope,
    permission: await permission(config, token.access_token),
  };
}

async function uploaded(config, algorithm) {
  const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const { key_ops, ext, ...jwk } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const { access_token } = await openid.clientCredentialsGrant(config, { scope: "keys:manage" });
  const headers = new Headers({ "Content-Type": "application/json" });
  const url = new URL("/company/keys", issuer);
  const answer = await openid.fetchProtectedResource(config, access_token, url, "POST", JSON.stringify({ jwk }), headers);
  return { key: pair.privateKey, kid: (await answer.json()).kid };
}

const rsa = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
const algorithms = {
  RS256: { name: "RSASSA-PKCS1-v1_5", ...rsa },
  PS256: { name: "RSA-PSS", ...rsa },
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  ES384: { name: "ECDSA", namedCurve: "P-384" },
  Ed25519: { name: "Ed25519" },
};

const basic = await discovered(openid.ClientSecretBasic(COMPANY_SECRET));
await asks("client_secret_basic", basic);
await asks("client_secret_post", await discovered(openid.ClientSecretPost(COMPANY_SECRET)));
await asks("metadata URL alone", await openid.discovery(metadataUrl, COMPANY_ID, COMPANY_SECRET, undefined, http));
for (const [name, algorithm] of Object.entries(algorithms)) {
  const key = await uploaded(basic, algorithm);
  await asks(`private_key_jwt ${name}`, await discovered(openid.PrivateKeyJwt(key)));
}

const held = await openid.clientCredentialsGrant(basic, {});
const before = await openid.tokenIntrospection(basic, held.access_token);
await openid.tokenRevocation(basic, held.access_token);
const after = await openid.tokenIntrospection(basic, held.access_token);
seen.introspection = [before.active, after.active];

// A wrong secret, and a stock resource server that reads our token as RFC 9068 4 says.
const wrong = await discovered(openid.ClientSecretBasic("wrong"));
seen["wrong secret"] = await openid
  .clientCredentialsGrant(wrong)
  .catch((error) => [error.status, error.cause[0].scheme, error.cause[0].parameters.realm]);

const insecure = { [oauth.allowInsecureRequests]: true };
const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure }),
);
const { access_token } = await openid.clientCredentialsGrant(basic);
const request = new Request(issuer, { headers: { Authorization: `Bearer ${access_token}` } });
const claims = await oauth.validateJwtAccessToken(server, request, server.issuer, insecure);
seen["RFC 9068"] = { sub: claims.sub, client_id: claims.client_id, aud: claims.aud, scope: claims.scope };
console.log(JSON.stringify(seen));
