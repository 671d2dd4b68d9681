// Verifies the same tokens with what users of Node.js would pick. One line of JSON on standard input says with which key
// and which tokens; every later line names a library, and is answered by what one token took with it.
import { createPublicKey, verify } from 'node:crypto';
import { createInterface } from 'node:readline';
import { createVerifier } from 'fast-jwt';
import { importJWK, jwtVerify } from 'jose';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { jwk, tokens } = JSON.parse((await lines.next()).value);

const key = createPublicKey({ key: jwk, format: 'jwk' });
const joseKey = await importJWK(jwk, 'RS256');
const fast = createVerifier({
  key: key.export({ type: 'spki', format: 'pem' }),
  algorithms: ['RS256'],
  cache: false,
});
const parts = tokens.map((token) => {
  const end = token.lastIndexOf('.');
  return [Buffer.from(token.slice(0, end)), Buffer.from(token.slice(end + 1), 'base64url')];
});

const libraries = {
  raw: () => parts.forEach(([input, signature]) => good(verify('RSA-SHA256', input, key, signature))),
  jose: async () => {
    for (const token of tokens) good((await jwtVerify(token, joseKey, { algorithms: ['RS256'] })).payload.sub);
  },
  'fast-jwt': () => tokens.forEach((token) => good(fast(token).sub)),
};

function good(answer) {
  if (!answer) throw new Error('a good token was refused');
}

console.log('ready');
for await (const library of lines) {
  const began = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  await libraries[library]();
  const { user, system } = process.cpuUsage(cpu);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  console.log(JSON.stringify({ cpu_us: (user + system) / tokens.length, per_second: tokens.length / seconds }));
}
