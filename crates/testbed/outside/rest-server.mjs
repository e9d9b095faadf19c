// A REST server that is not ours (npm `json-server`) behind a certified authorisation server (npm `oidc-provider`).
//
//   node server.mjs CONFIG    prints "ready" and answers until its standard input closes
//
// CONFIG is JSON: port, client {client_id, client_secret?, jwk?}, db {resource: [items]}. The API is under /api and wants a token of
// the provider with scope `api:read`.
import { randomBytes } from 'node:crypto';
import jsonServer from 'json-server';
import Provider from 'oidc-provider';

const { port, client, db } = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  clients: [{
    client_id: client.client_id,
    client_secret: client.client_secret,
    redirect_uris: [],
    response_types: [],
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: client.jwk ? 'private_key_jwt' : 'client_secret_basic',
    ...(client.jwk ? { token_endpoint_auth_signing_alg: 'ES256', jwks: { keys: [client.jwk] } } : {}),
  }],
  cookies: { keys: [randomBytes(16).toString('hex')] },
  scopes: ['api:read'],
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  ttl: { ClientCredentials: 600 },
});

const server = jsonServer.create();
server.use('/api', async (request, response, next) => {
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  const known = token && (await provider.ClientCredentials.find(token));
  if (!known?.scope?.split(' ').includes('api:read')) return response.status(401).json({ error: 'invalid_token' });
  return next();
});
server.use('/api', jsonServer.defaults({ logger: false, noCors: true }), jsonServer.router(db));
server.use(provider.callback());
server.listen(port, '127.0.0.1', () => console.log('ready'));

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
