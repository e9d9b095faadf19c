// node server.mjs '{"port": 1, "clients": [], "accounts": {}}'
import { generateKeyPairSync, randomBytes } from "node:crypto";
import Provider from "oidc-provider";

const { port, clients, accounts } = JSON.parse(process.argv[2]);
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const key = { ...privateKey.export({ format: "jwk" }), kid: "one", alg: "ES256", use: "sig" };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: clients.map((client) => ({ id_token_signed_response_alg: "ES256", ...client })),
  jwks: { keys: [key] },
  claims: { openid: ["sub", "name", "roles", "acr", "auth_time", "acting_subject", "legal_subject", "representation"] },
  conformIdTokenClaims: false,
  cookies: { keys: [randomBytes(32).toString("hex")] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, id) =>
    accounts[id] && { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) },
});
// The parent's pipe ends with the parent.
process.stdin.on("end", () => process.exit(0)).resume();
provider.listen(port, "127.0.0.1", () => console.log("ready"));
