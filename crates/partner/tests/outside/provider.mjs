// A certified OpenID provider (npm `oidc-provider`) with made-up people, shaped like the provider of statements.
//
//   node provider.mjs CONFIG    prints "ready" and answers until its standard input closes
//
// CONFIG is JSON: port, client {client_id, redirect_uri, jwk}, people {account: {acr, self: claims, represented: claims}}.
// A browser that is sent to /interaction/… says who signs in with ?account=…; there are no passwords.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const { port, client, people } = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(8).toString('hex'), alg: 'ES256', use: 'sig' };
const isForAnother = (scope) => /(^| )onbehalfof(child)?( |$)/.test(scope ?? '');

const provider = new Provider(issuer, {
  clients: [{
    client_id: client.client_id,
    redirect_uris: [client.redirect_uri],
    response_types: ['code'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    id_token_signed_response_alg: 'ES256',
    jwks: { keys: [client.jwk] },
  }],
  jwks: { keys: [key] },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  scopes: ['openid', 'onbehalfof', 'onbehalfofchild'],
  claims: { openid: ['sub', 'acr', 'acting_subject', 'legal_subject', 'representation'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  acrValues: Object.values(people).map((person) => person.acr),
  findAccount: (_, account) => ({
    accountId: account,
    claims: (use, scope) => ({
      sub: account,
      acr: people[account].acr,
      ...people[account].self,
      ...(isForAnother(scope) ? people[account].represented : {}),
    }),
  }),
});

async function interact(request, response, url) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    const account = url.searchParams.get('account');
    if (!people[account]) return provider.interactionFinished(request, response, { error: 'access_denied' });
    const login = { accountId: account, acr: people[account].acr };
    return provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
}

const answer = provider.callback();
createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  try {
    if (url.pathname.startsWith('/interaction/')) return await interact(request, response, url);
    return await answer(request, response);
  } catch (error) {
    response.statusCode = 500;
    return response.end(String(error));
  }
}).listen(port, '127.0.0.1', () => console.log('ready'));

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
