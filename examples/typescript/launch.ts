// An EHR launches: it signs who the professional is and which patient is open, and posts that, once.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { importPKCS8, SignJWT } from "jose";
import { given } from "./given.ts";

const key = await importPKCS8(await readFile(given("KEY_FILE"), "utf8"), "RS256");
const token = await new SignJWT({
  profInfo: { firstname: "John", lastname: "de Vries", email: "john.devries@praktijk.nl" },
  treatmentRelationshipId: "1532",
  patientInfo: { bsn: given("PATIENT_BSN") },
})
  .setProtectedHeader({ alg: "RS256", kid: given("KEY_ID") })
  .setIssuer(given("COMPANY_ID"))
  .setSubject("profID1241") // your own name for the professional, the same at each launch
  .setJti(randomUUID()) // random: a token is accepted once
  .setIssuedAt() // and within five minutes
  .sign(key);

// In the body, never in an address: those are written to logs. Neither the token nor the BSN comes back.
const answer = await fetch(`${given("BASE_URL")}/sso/launch`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ token }),
  signal: AbortSignal.timeout(5_000),
});
if (answer.ok) {
  const { accessToken, ...context } = (await answer.json()) as Record<string, unknown>;
  console.log(JSON.stringify(context)); // without the credential, which is not for a log
} else {
  console.error(await answer.text()); // a problem document (RFC 9457) that says what is wrong
  process.exitCode = 1;
}
