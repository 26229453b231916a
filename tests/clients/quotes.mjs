// Quotes with the official @stellar/typescript-wallet-sdk, unmodified: what an anchor exchanges, at which price, a promise,
// and the same promise again; then a deposit that is made with it. Prints a report as JSON; ends with 0 or 1.
//
//   node quotes.mjs --home-domain localhost --connect-to localhost:80:127.0.0.1:8000 --asset TEST --sell iso4217:BRL \
//     --amount 542 --by PIX
import sdk from '@stellar/typescript-wallet-sdk';

import { check, readArguments, report, REQUIRED } from './lib/arguments.mjs';
import { connectTo } from './lib/connect-to.mjs';
import { Visitor } from './lib/visitor.mjs';

const options = readArguments({
  'home-domain': REQUIRED,
  'connect-to': '',
  asset: REQUIRED,
  sell: REQUIRED,
  amount: REQUIRED,
  by: REQUIRED,
});
connectTo(options['connect-to']);

await report(async () => {
  const wallet = sdk.Wallet.TestNet();
  const keypair = wallet.stellar().account().createKeypair();
  const anchor = wallet.anchor({ homeDomain: `http://${options['home-domain']}`, allowHttp: true });
  const { currencies } = await anchor.sep1();
  const currency = currencies.find((each) => each.code === options.asset);
  check(currency, `stellar.toml lists no ${options.asset}`);
  const buy = `stellar:${currency.code}:${currency.issuer}`;

  const unknown = anchor.sep38();
  const info = await unknown.info();
  check(info.assets.some((each) => each.asset === buy), `${buy} is not quoted: ${JSON.stringify(info)}`);
  const wanted = { sellAsset: options.sell, sellAmount: options.amount };
  const { buy_assets: prices } = await unknown.prices(wanted);
  const price = await unknown.price({ ...wanted, buyAsset: buy, sellDeliveryMethod: options.by, context: 'sep24' });

  const token = await (await anchor.sep10()).authenticate({ accountKp: keypair });
  const quotes = anchor.sep38(token);
  const quote = await quotes.requestQuote({
    sell_asset: options.sell,
    buy_asset: buy,
    sell_amount: options.amount,
    sell_delivery_method: options.by,
    context: 'sep24',
  });
  const again = await quotes.getQuote(quote.id);
  check(JSON.stringify(again) === JSON.stringify(quote), 'the promise was changed');
  for (const name of ['price', 'total_price', 'sell_amount', 'buy_amount']) {
    check(price[name] === quote[name], `${name} was ${price[name]} and is ${quote[name]}`);
  }

  const started = await anchor.sep24().deposit({
    assetCode: options.asset,
    authToken: token,
    extraFields: { quote_id: quote.id, amount: quote.sell_amount },
  });
  await new Visitor().complete(started.url, { amount: quote.sell_amount, first_name: 'Ada' });
  const transaction = await anchor.sep24().getTransactionBy({ authToken: token, id: started.id });
  return { account: keypair.publicKey, prices, price, quote, transaction };
});
