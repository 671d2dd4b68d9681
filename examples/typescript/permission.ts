// A company asks whether a patient lets it share: it fetches a token with its key, and uses it.
import { readFile } from "node:fs/promises";
import { importPKCS8 } from "jose";
import * as oauth from "openid-client";
import { given } from "./given.ts";

const baseUrl = new URL(given("BASE_URL"));
const key = await importPKCS8(await readFile(given("KEY_FILE"), "utf8"), "RS256");
// Only for the demo, on this very machine: everywhere else it has to be https.
const execute = baseUrl.hostname === "127.0.0.1" ? [oauth.allowInsecureRequests] : [];

try {
  const byKey = oauth.PrivateKeyJwt({ key, kid: given("KEY_ID") });
  const options = { algorithm: "oauth2" as const, execute };
  const company = await oauth.discovery(baseUrl, given("COMPANY_ID"), {}, byKey, options);
  const token = await oauth.clientCredentialsGrant(company, { scope: "permission:read" });
  // The BSN is in the body: `GET /dossier/{bsn}/permission` says the same, but addresses are written to logs.
  const answer = await oauth.fetchProtectedResource(
    company,
    token.access_token,
    new URL("/dossier/permission", baseUrl),
    "POST",
    JSON.stringify({ bsn: given("PATIENT_BSN") }),
    new Headers({ "Content-Type": "application/json" }),
  );
  if (answer.ok) console.log(await answer.text()); // {"gavePermission": true}
  else console.error(await answer.text()); // a problem document (RFC 9457) that says why not
  process.exitCode = answer.ok ? 0 : 1;
} catch (refused) {
  if (refused instanceof oauth.ResponseBodyError) console.error(JSON.stringify(refused.cause)); // RFC 6749 5.2
  else if (refused instanceof oauth.WWWAuthenticateChallengeError) console.error(await refused.response.text());
  else throw refused;
  process.exitCode = 1;
}
