// SEP-6 with the official @stellar/typescript-wallet-sdk, unmodified: a deposit, a withdrawal and a deposit at the price of a
// quote, by a wallet that registers its customer first. Prints a report as JSON; ends with 0 or 1.
//
//   node sep6.mjs --home-domain localhost --connect-to localhost:80:127.0.0.1:8000 --horizon http://127.0.0.1:8001 \
//     --asset TEST --deposit-amount 25 --withdraw-amount 10.5 --customer first_name=Ada&last_name=Lovelace
import sdk from '@stellar/typescript-wallet-sdk';

import { check, readArguments, report, REQUIRED } from './lib/arguments.mjs';
import { connectTo } from './lib/connect-to.mjs';
import { send } from './lib/visitor.mjs';

const TEST_NETWORK = 'Test SDF Network ; September 2015';

const options = readArguments({
  'home-domain': REQUIRED,
  'connect-to': '',
  horizon: REQUIRED,
  asset: REQUIRED,
  'deposit-amount': REQUIRED,
  'withdraw-amount': REQUIRED,
  // What the anchor's customers are asked, as a query string; nothing if it asks nothing.
  customer: '',
  // A quote: money, amount and way of delivery.
  sell: 'iso4217:BRL',
  'sell-amount': '547.4',
  by: 'PIX',
  'bank-account': '4711',
});
connectTo(options['connect-to']);

const configuration = new sdk.StellarConfiguration({
  network: TEST_NETWORK,
  horizonUrl: options.horizon.replace(/^http:/, 'https:'),
});
configuration.server = new configuration.server.constructor(options.horizon, { allowHttp: true });
const wallet = new sdk.Wallet({ stellarConfiguration: configuration });
const stellar = wallet.stellar();

await report(async () => {
  const keypair = stellar.account().createKeypair();
  const { status } = await send('GET', new URL(`/friendbot?addr=${keypair.publicKey}`, options.horizon));
  check(status === 200, `friendbot was answered ${status}`);
  const anchor = wallet.anchor({ homeDomain: `http://${options['home-domain']}`, allowHttp: true });
  const { currencies } = await anchor.sep1();
  const currency = currencies.find((each) => each.code === options.asset);
  check(currency, `stellar.toml lists no ${options.asset}`);
  const asset = new sdk.IssuedAssetId(currency.code, currency.issuer);
  await submit(keypair, (builder) => builder.addAssetSupport(asset));

  const token = await (await anchor.sep10()).authenticate({ accountKp: keypair });
  const sep6 = anchor.sep6();
  const info = await sep6.info();
  check(info.deposit[options.asset]?.enabled && info.withdraw[options.asset]?.enabled, JSON.stringify(info));
  const method = info.deposit[options.asset].funding_methods[0];

  const customer = options.customer ? await register(anchor, token) : undefined;
  const given = { asset_code: options.asset, account: keypair.publicKey, type: method };

  const started = await sep6.deposit({ authToken: token, params: { ...given, amount: options['deposit-amount'] } });
  check(started.how && started.id, JSON.stringify(started));
  const deposit = await until(sep6, token, started.id, 'completed');

  const withdrawing = await sep6.withdraw({
    authToken: token,
    params: { asset_code: options.asset, type: method, amount: options['withdraw-amount'], dest: options['bank-account'] },
  });
  const waits = await until(sep6, token, withdrawing.id, 'pending_user_transfer_start');
  await submit(keypair, (builder) => builder.transferWithdrawalTransaction(waits, asset));
  const withdrawal = await until(sep6, token, withdrawing.id, 'completed');

  const quote = await anchor.sep38(token).requestQuote({
    sell_asset: options.sell,
    buy_asset: `stellar:${currency.code}:${currency.issuer}`,
    sell_amount: options['sell-amount'],
    sell_delivery_method: method,
    context: 'sep6',
  });
  const exchanging = await sep6.depositExchange({
    authToken: token,
    params: {
      destination_asset: options.asset,
      source_asset: options.sell,
      amount: options['sell-amount'],
      quote_id: quote.id,
      account: keypair.publicKey,
      type: method,
    },
  });
  const exchange = await until(sep6, token, exchanging.id, 'completed');

  const history = await sep6.getTransactionsForAsset({ authToken: token, assetCode: options.asset });
  const { balances } = await stellar.account().getInfo({ accountAddress: keypair.publicKey });
  const balance = balances.find((each) => each.asset_code === currency.code)?.balance;
  return {
    account: keypair.publicKey, customer, started, deposit, withdrawal, quote, exchange, balance,
    kinds: history.map((each) => each.kind),
  };
});

async function register(anchor, token) {
  const sep12 = await anchor.sep12(token);
  const { id } = await sep12.add({ sep9Info: Object.fromEntries(new URLSearchParams(options.customer)) });
  const { status } = await sep12.getCustomer({ id });
  return { id, status };
}

async function submit(keypair, add) {
  const builder = add(await stellar.transaction({ sourceAddress: keypair, baseFee: 100 }));
  const transaction = builder.build();
  keypair.sign(transaction);
  check(await stellar.submitTransaction(transaction), 'the ledger did not take it');
}

async function until(sep6, authToken, id, status) {
  let transaction;
  for (let tries = 0; tries < 240; tries += 1) {
    transaction = await sep6.getTransactionBy({ authToken, id });
    if (transaction.status === status) return transaction;
    check(!['error', 'expired', 'refunded'].includes(transaction.status), JSON.stringify(transaction));
    await new Promise((resolve) => { setTimeout(resolve, 250); });
  }
  throw new Error(`not ${status} in time: ${JSON.stringify(transaction)}`);
}
