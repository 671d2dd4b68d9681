// The token endpoint that a user of Node.js would pick: npm's oidc-provider with client credentials and introspection.
// `node provider.js CONFIGURATION`, in JSON: {"port", "clients", "jwks", "redis"}. It answers on loopback alone.
// Access tokens are JWTs for the resource urn:jwt and opaque for urn:opaque. Replays are remembered in Redis, as in the
// library's own example of an adapter; everything else stays in the memory of this process.
import Redis from 'ioredis';
import Provider from 'oidc-provider';

const { port, clients, jwks, redis } = JSON.parse(process.argv[2]);
const replays = new Redis(redis);
const MOST = 100_000;

class Memory {
  static kept = new Map();
  constructor(name) {
    this.name = name;
  }
  async find(id) {
    return Memory.kept.get(`${this.name}:${id}`);
  }
  async upsert(id, payload) {
    if (Memory.kept.size >= MOST) Memory.kept.delete(Memory.kept.keys().next().value);
    Memory.kept.set(`${this.name}:${id}`, payload);
  }
  async destroy(id) {
    Memory.kept.delete(`${this.name}:${id}`);
  }
}

class InRedis extends Memory {
  async find(id) {
    const found = await replays.get(`oidc:${this.name}:${id}`);
    return found ? JSON.parse(found) : undefined;
  }
  async upsert(id, payload, expiresIn) {
    await replays.set(`oidc:${this.name}:${id}`, JSON.stringify(payload), 'EX', expiresIn);
  }
}

const format = { 'urn:jwt': 'jwt', 'urn:opaque': 'opaque' };
const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: (name) => (name === 'ReplayDetection' ? new InRedis(name) : new Memory(name)),
  clients,
  jwks,
  enabledJWA: { clientAuthSigningAlgValues: ['RS256'], },
  scopes: ['dossier:read', 'dossier:write', 'permission:read'],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_context, resource) => ({
        scope: 'dossier:read dossier:write permission:read',
        audience: resource,
        accessTokenTTL: 900,
        accessTokenFormat: format[resource],
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  ttl: { ClientCredentials: 900 },
});

provider.listen(port, '127.0.0.1', () => console.log('Ready'));
