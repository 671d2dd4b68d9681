// A certified OpenID Connect provider with the library's own pages: whoever types a BSN as the login is that patient.
// `node provider.js CONFIGURATION`, in JSON: {"port", "clients"}. It answers on loopback alone.
import Provider from 'oidc-provider';

const { port, clients } = JSON.parse(process.argv[2]);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients,
  claims: { openid: ['sub'], patient: ['bsn', 'name'], acr: null },
  pkce: { required: () => true },
  cookies: { keys: ['only for tests'] },
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
  findAccount: async (_context, login) => ({
    accountId: login,
    claims: async () => ({ sub: login, bsn: login, name: 'Peter de Mol' }),
  }),
});

provider.listen(port, '127.0.0.1', () => console.log('Ready'));
