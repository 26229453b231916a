// A customer with the official @stellar/typescript-wallet-sdk, unmodified: asked, known, changed with a picture, and gone.
// Prints a report as JSON; ends with 0 or 1.
//
//   node customer.mjs --home-domain localhost --connect-to localhost:80:127.0.0.1:8000
import sdk from '@stellar/typescript-wallet-sdk';

import { check, readArguments, report, REQUIRED } from './lib/arguments.mjs';
import { connectTo } from './lib/connect-to.mjs';

const options = readArguments({ 'home-domain': REQUIRED, 'connect-to': '' });
connectTo(options['connect-to']);

/** One transparent pixel. */
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

await report(async () => {
  const wallet = sdk.Wallet.TestNet();
  const keypair = wallet.stellar().account().createKeypair();
  const anchor = wallet.anchor({ homeDomain: `http://${options['home-domain']}`, allowHttp: true });
  const token = await (await anchor.sep10()).authenticate({ accountKp: keypair });
  const customers = await anchor.sep12(token);

  const stranger = await customers.getCustomer({ type: 'sep6' }).then(() => 'known', (error) => error.constructor.name);
  const type = 'sep6';
  const added = await customers.add({ type, sep9Info: { first_name: 'Ada', last_name: 'More' } });
  const asked = await customers.getCustomer({ id: added.id, type });
  const updated = await customers.update({
    id: added.id,
    type,
    sep9Info: { email_address: 'ada@example.com' },
    sep9BinaryInfo: { photo_id_front: PICTURE },
  });
  check(updated.id === added.id, 'an update made another customer');
  const more = await customers.getCustomer({ id: added.id, type });
  await customers.update({ id: added.id, type, sep9Info: { id_number: 'X1' } });
  const accepted = await customers.getCustomer({ id: added.id, type });
  await customers.delete(keypair.publicKey);
  const gone = await customers.getCustomer({ id: added.id, type }).then(() => 'known', (error) => error.constructor.name);
  return { stranger, asked, more, accepted, gone };
});
