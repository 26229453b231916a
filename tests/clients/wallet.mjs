// A wallet built on the official @stellar/typescript-wallet-sdk, unmodified: deposits into a fresh account at an anchor
// and withdraws from it, filling in the hosted pages over plain HTTP. Prints a report as JSON; ends with 0 or 1.
//
//   node wallet.mjs --home-domain localhost --connect-to localhost:80:127.0.0.1:8000 \
//     --horizon http://127.0.0.1:8001 --asset USDC --deposit-amount 25 --withdraw-amount 10
//
// The anchor must call itself `http://localhost`, without a port (see lib/connect-to.mjs).
import sdk from '@stellar/typescript-wallet-sdk';

import { check, readArguments, report, REQUIRED } from './lib/arguments.mjs';
import { connectTo } from './lib/connect-to.mjs';
import { send, Visitor } from './lib/visitor.mjs';

const TEST_NETWORK = 'Test SDF Network ; September 2015';

const options = readArguments({
  'home-domain': REQUIRED,
  horizon: REQUIRED,
  // CODE, whose issuer the anchor's stellar.toml then has to name, or CODE:ISSUER, or native.
  asset: REQUIRED,
  'deposit-amount': '',
  'withdraw-amount': '',
  // Without one, a new key. An account that the ledger does not have is created by friendbot, if `friendbot` is not `no`.
  secret: '',
  friendbot: '/friendbot',
  // When the wallet makes its trustline: `before` the deposit, or only when the anchor `asks` with pending_trust.
  trustline: 'before',
  // host:port:host:port
  'connect-to': '',
  // Answers for the hosted pages beyond the amount, as a query string: first_name=Ada&type=bank_account.
  fields: '',
  'poll-ms': '250',
  'timeout-s': '120',
});
connectTo(options['connect-to']);

const wallet = new sdk.Wallet({ stellarConfiguration: onHorizon(options.horizon) });
const stellar = wallet.stellar();

const timer = setTimeout(() => {
  console.log(JSON.stringify({ error: `not done after ${options['timeout-s']} s`, progress }, null, 2));
  process.exit(1);
}, Number(options['timeout-s']) * 1000);
const progress = {};

await report(async () => {
  const keypair = options.secret ? sdk.SigningKeypair.fromSecret(options.secret) : stellar.account().createKeypair();
  progress.account = keypair.publicKey;
  if (options.friendbot !== 'no') await createAccount(keypair.publicKey);

  const anchor = wallet.anchor({ homeDomain: `http://${options['home-domain']}`, allowHttp: true });
  const toml = await anchor.sep1();
  const asset = assetOf(toml);
  progress.toml = { signingKey: toml.signingKey, webAuthEndpoint: toml.webAuthEndpoint, asset: asset.id };
  const session = { anchor, asset, keypair, token: await (await anchor.sep10()).authenticate({ accountKp: keypair }) };
  progress.authenticated = session.token.account === keypair.publicKey;
  check(progress.authenticated, `the token is for ${session.token.account}`);

  if (options.trustline === 'before') await trust(session);
  progress.balances = { before: await balance(session) };
  if (options['deposit-amount']) {
    progress.deposit = await deposit(session, options['deposit-amount']);
    progress.balances.after_deposit = await balance(session);
    check(
      stroops(progress.balances.after_deposit) - stroops(progress.balances.before) === stroops(progress.deposit.amount_out),
      `the anchor says it paid ${progress.deposit.amount_out}: ${JSON.stringify(progress.balances)}`,
    );
  }
  if (options['withdraw-amount']) {
    const before = await balance(session);
    progress.withdrawal = await withdraw(session, options['withdraw-amount']);
    progress.balances.after_withdrawal = await balance(session);
    check(
      asset instanceof sdk.NativeAssetId ||
        stroops(before) - stroops(progress.balances.after_withdrawal) === stroops(progress.withdrawal.amount_in),
      `the anchor says it got ${progress.withdrawal.amount_in}: ${JSON.stringify(progress.balances)}`,
    );
  }
  return progress;
});
clearTimeout(timer);

/** The SDK's configuration refuses http for Horizon; the server object that it makes can be made again to allow it. */
function onHorizon(url) {
  const network = TEST_NETWORK;
  const configuration = new sdk.StellarConfiguration({ network, horizonUrl: url.replace(/^http:/, 'https:') });
  configuration.server = new configuration.server.constructor(url, { allowHttp: true });
  configuration.horizonUrl = url;
  return configuration;
}

async function createAccount(address) {
  const url = new URL(options.friendbot, options.horizon);
  const known = await send('GET', new URL(`/accounts/${address}`, options.horizon));
  if (known.status === 200) return;
  check(known.status === 404, `Horizon answered ${known.status} for a new account`);
  url.searchParams.set('addr', address);
  const { status, body } = await send('GET', url);
  check(status === 200, `friendbot answered ${status}: ${body}`);
}

function assetOf(toml) {
  if (options.asset === 'native') return new sdk.NativeAssetId();
  const [code, issuer] = options.asset.split(':');
  const listed = toml.currencies.filter((currency) => currency.code === code && (!issuer || currency.issuer === issuer));
  check(listed.length === 1, `stellar.toml lists ${listed.length} currencies that are ${options.asset}`);
  return new sdk.IssuedAssetId(code, listed[0].issuer);
}

function codeOf(asset) {
  return asset instanceof sdk.NativeAssetId ? 'native' : asset.code;
}

async function balance({ asset, keypair }) {
  const { balances } = await stellar.account().getInfo({ accountAddress: keypair.publicKey });
  const found = balances.find((each) =>
    asset instanceof sdk.NativeAssetId
      ? each.asset_type === 'native'
      : each.asset_code === asset.code && each.asset_issuer === asset.issuer,
  );
  return found?.balance ?? '0.0000000';
}

async function trust({ asset, keypair }) {
  if (asset instanceof sdk.NativeAssetId) return;
  await submit(keypair, (builder) => builder.addAssetSupport(asset));
  progress.trustline = asset.id;
}

async function submit(keypair, addOperations) {
  const transaction = addOperations(await stellar.transaction({ sourceAddress: keypair })).build();
  keypair.sign(transaction);
  check(await stellar.submitTransaction(transaction), 'the network did not take the transaction');
  return transaction.hash().toString('hex');
}

async function deposit(session, amount) {
  const started = await session.anchor
    .sep24()
    .deposit({ assetCode: codeOf(session.asset), authToken: session.token });
  const visited = await visit(started, amount);
  let trusted;
  const { transaction, statuses } = await untilDone(session, started.id, async (status) => {
    if (status === 'pending_trust') await (trusted ??= trust(session));
  });
  check(transaction.status === 'completed', `the deposit ended as ${transaction.status}: ${transaction.message}`);
  return { ...summary(transaction), statuses, pages: visited };
}

async function withdraw(session, amount) {
  const started = await session.anchor
    .sep24()
    .withdraw({ assetCode: codeOf(session.asset), authToken: session.token });
  const visited = await visit(started, amount);
  let paid;
  const { transaction, statuses } = await untilDone(session, started.id, async (status, transaction) => {
    if (status !== 'pending_user_transfer_start') return;
    await (paid ??= submit(session.keypair, (builder) => builder.transferWithdrawalTransaction(transaction, session.asset)));
  });
  check(transaction.status === 'completed', `the withdrawal ended as ${transaction.status}: ${transaction.message}`);
  check(paid, 'the anchor completed a withdrawal that was never paid');
  return { ...summary(transaction), paid_in: await paid, statuses, pages: visited };
}

async function visit(started, amount) {
  check(started.type === 'interactive_customer_info_needed' && started.url && started.id, JSON.stringify(started));
  const visitor = new Visitor();
  const answers = { ...Object.fromEntries(new URLSearchParams(options.fields)), amount };
  const end = await visitor.complete(started.url, answers);
  return { seen: visitor.pages.map((page) => page.title), end };
}

/** Watches with the SDK until the anchor says that the transaction is at its end. */
function untilDone({ anchor, asset, token }, id, onStatus) {
  const statuses = [];
  return new Promise((resolve, reject) => {
    const note = (transaction) => {
      if (statuses.at(-1) !== transaction.status) statuses.push(transaction.status);
    };
    anchor
      .sep24()
      .watcher()
      .watchOneTransaction({
        authToken: token,
        assetCode: codeOf(asset),
        id,
        timeout: Number(options['poll-ms']),
        onMessage: (transaction) => {
          note(transaction);
          onStatus(transaction.status, transaction).catch(reject);
        },
        onSuccess: (transaction) => {
          note(transaction);
          resolve({ transaction, statuses });
        },
        onError: (problem) => {
          if (problem instanceof Error) reject(problem);
          else reject(new Error(`the anchor reports ${problem.status} after ${statuses}: ${problem.message}`));
        },
      });
  });
}

function summary(transaction) {
  const { id, status, amount_in, amount_out, amount_fee, fee_details, stellar_transaction_id, refunds } = transaction;
  return { id, status, amount_in, amount_out, amount_fee, fee_details, stellar_transaction_id, refunds };
}

/** Exact: the difference of two balances as floats would not be. */
function stroops(amount) {
  const [whole, fraction = ''] = amount.split('.');
  return BigInt(whole + fraction.padEnd(7, '0'));
}
