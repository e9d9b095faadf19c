// A certified OpenID provider (npm `oidc-provider`) with made-up staff, and a browser that signs in at it.
//
//   node provider.mjs PORT      prints "ready" and answers until its standard input closes
//
// What a test asks of it stands under /control, beside the provider: /control/token?account=A&client=C signs A in at C and
// gives the ID token; /control/rotate takes new keys and forgets the old ones.
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const redirectUri = 'https://desk.example/callback';
const secret = 'not-a-secret-but-long-enough-for-the-library';

const staff = {
  'm.consulent': { roles: ['consulent', 'medewerker'] },
  'm.baliemedewerker': { roles: ['baliemedewerker'] },
  'm.kort': { roles: ['consulent'] },
};

const key = () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(8).toString('hex'), alg: 'ES256', use: 'sig' };
};

const client = (client_id) => ({
  client_id,
  client_secret: secret,
  redirect_uris: [redirectUri],
  response_types: ['code'],
  grant_types: ['authorization_code'],
  id_token_signed_response_alg: 'ES256',
});

const make = () => new Provider(issuer, {
  clients: [client('ketenwijzer'), client('another')],
  jwks: { keys: [key()] },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  claims: { openid: ['sub', 'roles'] },
  conformIdTokenClaims: false,
  // One person's sign-in is over almost at once.
  ttl: { IdToken: (context) => (context.oidc?.account?.accountId === 'm.kort' ? 1 : 3600), Session: 3600, Grant: 3600, Interaction: 600 },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...staff[sub] }) }),
}).callback();

let provider = make();

// Follows redirects at the provider with cookies, as a browser does, until it is sent to the client.
async function signIn(account, clientId) {
  const cookies = new Map();
  const visit = async (address, form) => {
    const url = new URL(address, issuer);
    const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
    const body = form && new URLSearchParams(form);
    const answer = await fetch(url, { method: form ? 'POST' : 'GET', body, headers, redirect: 'manual' });
    for (const cookie of answer.headers.getSetCookie()) {
      const [name, value] = cookie.split(';')[0].split('=');
      if (value) cookies.set(name, value); else cookies.delete(name);
    }
    const next = answer.headers.get('location');
    if (next?.startsWith(redirectUri)) return next;
    if (next) return visit(next);
    const page = await answer.text();
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    if (!prompt) throw new Error(`no prompt at ${url.pathname}: ${answer.status} ${page.slice(0, 300)}`);
    return visit(url, { prompt, login: account, password: 'any' });
  };
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const question = new URLSearchParams({
    client_id: clientId, redirect_uri: redirectUri, response_type: 'code', scope: 'openid', state: 's', nonce: 'n',
    code_challenge: challenge, code_challenge_method: 'S256',
  });
  const back = new URL(await visit(`/auth?${question}`));
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code', code: back.searchParams.get('code'), redirect_uri: redirectUri, code_verifier: verifier,
    }),
  });
  const tokens = await answer.json();
  if (!tokens.id_token) throw new Error(JSON.stringify(tokens));
  return tokens.id_token;
}

createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  try {
    if (url.pathname === '/control/token') {
      return response.end(await signIn(url.searchParams.get('account'), url.searchParams.get('client')));
    }
    if (url.pathname === '/control/rotate') {
      provider = make();
      return response.end('rotated');
    }
    return provider(request, response);
  } catch (error) {
    response.statusCode = 500;
    return response.end(String(error));
  }
}).listen(port, '127.0.0.1', () => console.log('ready'));

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
