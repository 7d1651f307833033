// npm's oidc-provider on loopback, with people and keys that a test changes.
// Prints its issuer once it listens. `POST /control` takes JSON: `people`,
// `login` (who logs in next), `platform` (where https://madang.test is), `algorithm`
// (that of the platform's tokens), `rotate` (new keys), `tamper` (claims of the
// next ID token).

import { createServer } from "node:http";
import { SignJWT, decodeJwt, exportJWK, generateKeyPair, importJWK } from "jose";
import Provider from "oidc-provider";

const PLATFORM = "https://madang.test";
const ALGORITHMS = ["RS256", "ES256", "EdDSA"];

const state = { people: {}, login: null, platform: null, algorithm: "RS256", tamper: null };
let issuer;
let keys;
let provider;

async function makeKeys() {
  const make = async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    return { ...(await exportJWK(privateKey)), kid: `${alg}-${Date.now()}`, alg, use: "sig" };
  };
  keys = await Promise.all(ALGORITHMS.map(make));
}

function start() {
  const key = keys.find(({ alg }) => alg === state.algorithm);
  provider = new Provider(issuer, {
    jwks: { keys },
    cookies: { keys: ["a test's"] },
    clients: [{
      client_id: "madang",
      client_secret: "the-platforms-secret",
      id_token_signed_response_alg: key.alg,
      redirect_uris: [`${PLATFORM}/v1/session/oidc/callback`],
      post_logout_redirect_uris: [`${PLATFORM}/ops`],
      backchannel_logout_uri: `${PLATFORM}/v1/session/oidc/backchannel`,
      backchannel_logout_session_required: true,
    }],
    claims: { openid: ["sub"], profile: ["name", "preferred_username", "groups"] },
    features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...state.people[sub] }) }),
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope("openid profile");
      await grant.save();
      return grant;
    },
    // Its own refuses addresses of this machine.
    fetch: (url, { dispatcher, ...options }) => fetch(String(url).replace(PLATFORM, state.platform), options),
  });
  provider.on("backchannel.error", (_, error) => console.error("back channel:", error));
  provider.on("server_error", (_, error) => console.error("provider:", error));
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.oidc?.route !== "token" || !ctx.body?.id_token || state.tamper === null) return;
    const claims = { ...decodeJwt(ctx.body.id_token), ...state.tamper };
    state.tamper = null;
    ctx.body.id_token = await new SignJWT(claims).setProtectedHeader({ alg: key.alg, kid: key.kid }).sign(await importJWK(key));
  });
}

async function control(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { rotate, ...changes } = JSON.parse(Buffer.concat(chunks).toString());
  Object.assign(state, changes);
  if (rotate) await makeKeys();
  if (rotate || changes.algorithm) start();
  response.end();
}

async function answer(request, response) {
  if (request.url === "/control") return control(request, response);
  if (!request.url.startsWith("/interaction/")) return provider.callback()(request, response);
  return provider.interactionFinished(request, response, { login: { accountId: state.login } });
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    response.destroy();
  });
});
server.listen(0, "127.0.0.1", async () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  await makeKeys();
  start();
  console.log(issuer);
});
