// Logs in at an anchor with both official JavaScript SDKs, unmodified: @stellar/stellar-sdk reads, checks, signs and
// verifies the challenge step by step, @stellar/typescript-wallet-sdk does it all by itself, as a wallet that proves its
// domain and signs its requests (SEP-10 3.4.0). Prints a report as JSON; ends with 0 or 1.
//
//   node auth.mjs --home-domain localhost --connect-to localhost:80:127.0.0.1:8000 \
//     --client-domain localhost:8100 --client-secret S...
import http from 'node:http';

import { Keypair, Networks, StellarToml, TransactionBuilder, WebAuth } from '@stellar/stellar-sdk';
import sdk from '@stellar/typescript-wallet-sdk';

import { check, readArguments, report, REQUIRED } from './lib/arguments.mjs';
import { connectTo } from './lib/connect-to.mjs';
import { send } from './lib/visitor.mjs';

const NETWORK = Networks.TESTNET;

const options = readArguments({
  'home-domain': REQUIRED,
  'connect-to': '',
  memo: '',
  // The wallet's domain, whose stellar.toml names the account of the secret.
  'client-domain': '',
  'client-secret': '',
  // At an anchor that answers signed requests alone: `yes` leaves out the others.
  'signed-only': '',
});
connectTo(options['connect-to']);
const homeDomain = options['home-domain'];
const domainKey = options['client-secret'] && Keypair.fromSecret(options['client-secret']);

await report(async () => {
  const toml = await readToml();
  const found = {};
  if (!options['signed-only']) found.by_hand = await byHand(toml);
  if (options['client-domain']) {
    const server = await domainServer();
    try {
      if (!options['signed-only']) found.wallet = await asWallet(server, {});
      found.signed_wallet = await asWallet(server, {
        authHeaderSigner: new sdk.DomainAuthHeaderSigner(`${server.url}/token`),
      });
    } finally {
      server.close();
    }
  }
  found.signed_account = await asWallet(undefined, { authHeaderSigner: new sdk.DefaultAuthHeaderSigner() });
  return found;
});

async function readToml() {
  const { status, body } = await send('GET', new URL(`http://${homeDomain}/.well-known/stellar.toml`));
  check(status === 200, `stellar.toml was answered ${status}`);
  // the SDK's resolver reads it again, by its own rules
  const resolved = await StellarToml.Resolver.resolve(homeDomain, { allowHttp: true });
  check(body.includes(resolved.SIGNING_KEY), 'the SDK reads another SIGNING_KEY');
  return resolved;
}

/** Every step that SEP-10 gives a client, and those of a server on top: two libraries have to agree about each. */
async function byHand(toml) {
  const keypair = Keypair.random();
  const question = new URL(toml.WEB_AUTH_ENDPOINT);
  question.searchParams.set('account', keypair.publicKey());
  question.searchParams.set('home_domain', homeDomain);
  if (options.memo) question.searchParams.set('memo', options.memo);
  if (options['client-domain']) question.searchParams.set('client_domain', options['client-domain']);
  const { status, body } = await send('GET', question);
  check(status === 200, `the challenge was answered ${status}: ${body}`);
  const { transaction, network_passphrase: passphrase } = JSON.parse(body);
  check(passphrase === NETWORK, `network_passphrase is ${passphrase}`);

  const rules = [toml.SIGNING_KEY, NETWORK];
  const domains = [homeDomain, question.host];
  const read = WebAuth.readChallengeTx(transaction, ...rules, ...domains);
  check(read.clientAccountID === keypair.publicKey(), `the challenge is for ${read.clientAccountID}`);
  check((read.memo ?? '') === options.memo, `the challenge has the memo ${read.memo}`);
  for (const [what, wrong] of [
    ['network', [toml.SIGNING_KEY, Networks.PUBLIC, ...domains]],
    ['server', [Keypair.random().publicKey(), NETWORK, ...domains]],
    ['home domain', [...rules, 'other.example', question.host]],
    ['web_auth_domain', [...rules, homeDomain, 'other.example']],
  ]) {
    check(throws(() => WebAuth.readChallengeTx(transaction, ...wrong)), `the SDK takes another ${what}`);
  }

  read.tx.sign(keypair);
  if (domainKey) read.tx.sign(domainKey);
  const signed = read.tx.toXDR();
  const signers = WebAuth.verifyChallengeTxSigners(signed, ...rules, [keypair.publicKey()], ...domains);
  const summary = [{ key: keypair.publicKey(), type: 'ed25519_public_key', weight: 1 }];
  WebAuth.verifyChallengeTxThreshold(signed, ...rules, 1, summary, ...domains);
  check(throws(() => WebAuth.verifyChallengeTxThreshold(signed, ...rules, 2, summary, ...domains)), 'weight 1 meets 2');
  return { account: keypair.publicKey(), signers, claims: claims(await post(toml.WEB_AUTH_ENDPOINT, signed)) };
}

async function post(endpoint, transaction) {
  const headers = { 'content-type': 'application/json' };
  const { status, body } = await send('POST', new URL(endpoint), headers, JSON.stringify({ transaction }));
  check(status === 200, `the signed challenge was answered ${status}: ${body}`);
  return JSON.parse(body).token;
}

/** The wallet SDK, from the domain's name to the token. It wants no memo together with a client domain. */
async function asWallet(server, more) {
  const stellarConfiguration = new sdk.StellarConfiguration({ network: NETWORK, horizonUrl: 'https://unused.example' });
  const anchor = new sdk.Wallet({ stellarConfiguration }).anchor({ homeDomain: `http://${homeDomain}`, allowHttp: true });
  const accountKp = sdk.SigningKeypair.fromSecret(Keypair.random().secret());
  const session = await (await anchor.sep10()).authenticate({
    accountKp,
    ...(server && { clientDomain: options['client-domain'], walletSigner: new sdk.DomainSigner(`${server.url}/sign`, {}) }),
    ...more,
  });
  check(session.account === accountKp.publicKey, `the token is for ${session.account}`);
  return { account: session.account, claims: claims(session.token) };
}

/** The wallet's own server, which alone has the key of its domain: signs challenges, and tokens for requests. */
function domainServer() {
  const keypair = sdk.SigningKeypair.fromSecret(options['client-secret']);
  const answers = {
    // versions of the SDK differ in how they write the names
    '/sign': (body) => {
      const [transaction, passphrase] = Object.values(body);
      const envelope = TransactionBuilder.fromXDR(transaction, passphrase);
      envelope.sign(domainKey);
      return { transaction: envelope.toXDR(), network_passphrase: passphrase };
    },
    '/token': async ({ clientDomain, client_domain = clientDomain, expiration, issuedAt, issued_at = issuedAt, ...rest }) => {
      check(client_domain === options['client-domain'], 'the SDK asks for a token of another domain');
      const claims = { ...rest, client_domain };
      const signer = new sdk.DefaultAuthHeaderSigner();
      return { token: await signer.createToken({ claims: { ...claims, iat: issued_at, exp: expiration }, issuer: keypair }) };
    },
  };
  const server = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', async () => {
      const answer = await answers[request.url](JSON.parse(Buffer.concat(chunks).toString()));
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({ url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() });
    });
  });
}

function throws(work) {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}

function claims(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
}
