// The official @stellar/stellar-sdk, unmodified, against a devnet: what it does on the public test network works here.
//
//   node devnet.mjs --horizon http://127.0.0.1:8001
//
// Prints a report as JSON, a line for each scenario; ends with 0 or 1.
import {
  AccountRequiresMemoError,
  Asset,
  Claimant,
  Keypair,
  Memo,
  MuxedAccount,
  NotFoundError,
  Operation,
  TransactionBuilder,
} from '@stellar/stellar-sdk';

import { check, readArguments, report, REQUIRED } from './lib/arguments.mjs';
import { collector, equal, hashOf, Network, NETWORK, openStream, pay, until } from './lib/stellar.mjs';

const options = readArguments({ horizon: REQUIRED });
const network = new Network(options.horizon);
const { server } = network;
const native = Asset.native();

const scenarios = {
  async root_names_the_test_network() {
    const root = await server.root();
    equal(root.network_passphrase, NETWORK, 'passphrase');
    check(root.history_latest_ledger >= 1, 'no ledger');
    check((await server.fetchBaseFee()) >= 100, 'base fee');
    check(Number((await server.feeStats()).max_fee.mode) >= 100, 'fee statistics');
    const ledgers = await server.ledgers().order('desc').limit(1).call();
    check(ledgers.records[0].base_fee_in_stroops >= 100, 'base fee of the last ledger');
  },

  async friendbot_creates_an_account_once() {
    const keypair = await network.createFunded();
    equal(await network.balance(keypair, native), '10000.0000000', 'balance');
    const again = await server.friendbot(keypair.publicKey()).call().catch((error) => error);
    equal(again.response?.status, 400, 'status of the second time');
    const nobody = await server.loadAccount(Keypair.random().publicKey()).catch((error) => error);
    check(nobody instanceof NotFoundError, `an unknown account gives ${nobody}`);
  },

  async asset_is_trusted_issued_and_paid() {
    const { issuer, alice, bob, asset } = await market();
    equal(await network.balance(alice, asset), '1000.0000000', 'issued');
    const answer = await network.submit(alice, [pay(bob, asset, '12.3456789')], { memo: Memo.text('rent ♥') });
    equal(await network.balance(alice, asset), '987.6543211', 'payer');
    equal(await network.balance(bob, asset), '12.3456789', 'payee');
    const found = await server.transactions().transaction(answer.hash).call();
    equal([found.memo_type, found.memo, found.source_account], ['text', 'rent ♥', alice.publicKey()], 'transaction');
    const { records } = await server.payments().forTransaction(answer.hash).call();
    equal(records.map((each) => [each.type, each.amount, each.asset_code]), [['payment', '12.3456789', 'USD']], 'payment');
    const listed = await server.assets().forCode('USD').forIssuer(issuer.publicKey()).call();
    equal(listed.records.map((each) => each.asset_type), ['credit_alphanum4'], 'assets');
  },

  async every_memo_comes_back_as_it_was_sent() {
    const { alice, bob } = await market();
    const hash = Buffer.alloc(32, 7);
    const memos = [
      [Memo.id('18446744073709551615'), 'id', '18446744073709551615'],
      [Memo.hash(hash.toString('hex')), 'hash', hash.toString('base64')],
      [Memo.return(hash.toString('hex')), 'return', hash.toString('base64')],
    ];
    for (const [memo, type, value] of memos) {
      const { hash } = await network.submit(alice, [pay(bob, native, '1')], { memo });
      const found = await server.transactions().transaction(hash).call();
      equal([found.memo_type, found.memo], [type, value], 'memo');
    }
  },

  async muxed_destination_is_kept() {
    const { alice, bob } = await market();
    const muxed = new MuxedAccount(await server.loadAccount(bob.publicKey()), '42');
    const { hash } = await network.submit(alice, [pay(muxed.accountId(), native, '1')]);
    const [record] = (await server.payments().forTransaction(hash).call()).records;
    equal([record.to, record.to_muxed, record.to_muxed_id], [bob.publicKey(), muxed.accountId(), '42'], 'destination');
  },

  async payments_stream_from_now_and_resume_at_their_cursor() {
    const { alice, bob, asset } = await market();
    const payments = () => server.payments().forAccount(bob.publicKey());
    const first = collector(1);
    const close = await openStream(payments().cursor('now'), { onmessage: first.onmessage });
    await network.submit(alice, [pay(bob, asset, '1')]);
    const [seen] = await first.all;
    close();
    equal([seen.type, seen.amount, seen.to], ['payment', '1.0000000', bob.publicKey()], 'streamed');

    // Missed while nobody listened: both come, once, in order.
    await network.submit(alice, [pay(bob, asset, '2')]);
    await network.submit(alice, [pay(bob, asset, '3')]);
    const missed = collector(2);
    const closeAgain = await openStream(payments().cursor(seen.paging_token), { onmessage: missed.onmessage });
    const amounts = (await missed.all).map((each) => each.amount);
    closeAgain();
    equal(amounts, ['2.0000000', '3.0000000'], 'resumed');
  },

  async transactions_stream_with_their_memo() {
    const { alice, bob } = await market();
    const one = collector(1);
    const stream = server.transactions().forAccount(bob.publicKey()).cursor('now');
    const close = await openStream(stream, { onmessage: one.onmessage });
    await network.submit(alice, [pay(bob, native, '1')], { memo: Memo.id('7') });
    const [seen] = await one.all;
    close();
    equal([seen.memo_type, seen.memo, seen.successful], ['id', '7', true], 'streamed');
  },

  async payments_page_in_both_directions() {
    const { alice, bob } = await market();
    for (const amount of ['1', '2', '3', '4', '5']) await network.submit(alice, [pay(bob, native, amount)]);
    for (const order of ['asc', 'desc']) {
      const amounts = [];
      let page = await server.payments().forAccount(bob.publicKey()).order(order).limit(2).call();
      while (page.records.length > 0) {
        amounts.push(...page.records.filter((each) => each.from === alice.publicKey()).map((each) => Number(each.amount)));
        page = await page.next();
      }
      equal(amounts, order === 'asc' ? [1, 2, 3, 4, 5] : [5, 4, 3, 2, 1], order);
    }
  },

  async claimable_balance_is_found_and_claimed() {
    const { issuer, bob, asset } = await market();
    const claimants = [new Claimant(bob.publicKey())];
    const create = Operation.createClaimableBalance({ asset, amount: '5', claimants });
    const transaction = await network.build(issuer, [create]);
    await server.submitTransaction(transaction);
    const { records } = await server.claimableBalances().claimant(bob.publicKey()).call();
    equal(records.map((each) => each.id), [transaction.getClaimableBalanceId(0)], 'listed');
    equal(records[0].amount, '5.0000000', 'amount');
    await network.submit(bob, [Operation.claimClaimableBalance({ balanceId: records[0].id })]);
    equal(await network.balance(bob, asset), '5.0000000', 'claimed');
    const gone = await server.claimableBalances().claimableBalance(records[0].id).call().catch((error) => error);
    check(gone instanceof NotFoundError, 'a claimed balance is still there');
  },

  async path_payment_delivers_what_the_offer_gives() {
    const { alice, bob, asset } = await market();
    const offer = { selling: asset, buying: native, amount: '100', price: '2' };
    await network.submit(alice, [Operation.manageSellOffer(offer)]);
    const carol = await network.createFunded();
    const destination = bob.publicKey();
    const path = { sendAsset: native, destination, destAsset: asset, path: [] };
    const { hash } = await network.submit(carol, [
      Operation.pathPaymentStrictSend({ ...path, sendAmount: '10', destMin: '1' }),
      Operation.pathPaymentStrictReceive({ ...path, sendMax: '100', destAmount: '3' }),
    ]);
    equal(await network.balance(bob, asset), '8.0000000', 'received');
    const { records } = await server.payments().forTransaction(hash).call();
    const amounts = records.map((each) => [each.type, each.source_amount, each.amount]);
    const expected = [
      ['path_payment_strict_send', '10.0000000', '5.0000000'],
      ['path_payment_strict_receive', '6.0000000', '3.0000000'],
    ];
    equal(amounts, expected, 'records');
  },

  async fee_bump_is_paid_by_the_other_account() {
    const { alice, bob } = await market();
    const inner = await network.build(alice, [pay(bob, native, '1')]);
    const outer = TransactionBuilder.buildFeeBumpTransaction(bob, '500', inner, NETWORK);
    outer.sign(bob);
    const answer = await server.submitTransaction(outer);
    equal(answer.hash, hashOf(outer), 'hash');
    const found = await server.transactions().transaction(answer.hash).call();
    equal([found.fee_account, found.source_account], [bob.publicKey(), alice.publicKey()], 'accounts');
    const byInner = await server.transactions().transaction(hashOf(inner)).call();
    equal([byInner.inner_transaction.hash, byInner.fee_bump_transaction.hash], [hashOf(inner), hashOf(outer)], 'hashes');
  },

  async refusals_carry_the_codes_of_the_network() {
    const { issuer, alice, bob, asset } = await market();
    const carol = await network.createFunded();
    const of = async (keypair, operation, given) => network.refusal(await network.build(keypair, [operation], given));
    const one = pay(bob, native, '1');
    equal(await of(alice, one, { sequence: '1' }), 'tx_bad_seq', 'old sequence');
    equal(await of(alice, pay(bob, asset, '100000')), 'tx_failed op_underfunded', 'too much');
    equal(await of(issuer, pay(carol, asset, '1')), 'tx_failed op_no_trust', 'no trustline');
    equal(await of(alice, pay(Keypair.random(), native, '1')), 'tx_failed op_no_destination', 'nobody');
    equal(await of(alice, one, { fee: '1' }), 'tx_insufficient_fee', 'low fee');
    equal(await of(alice, one, { timebounds: { minTime: 0, maxTime: 1 } }), 'tx_too_late', 'old');
    equal(await of(alice, one, { timebounds: { minTime: 4_000_000_000, maxTime: 0 } }), 'tx_too_early', 'young');
    equal(await of(alice, one, { signers: [bob] }), 'tx_bad_auth', 'wrong signature');
    equal(await of(Keypair.random(), one, { sequence: '1' }), 'tx_no_source_account', 'no account');
  },

  async same_envelope_twice_pays_once() {
    const { alice, bob, asset } = await market();
    const transaction = await network.build(alice, [pay(bob, asset, '1')]);
    const first = await server.submitTransaction(transaction);
    const again = await server.submitTransaction(transaction);
    equal([again.hash, again.ledger], [first.hash, first.ledger], 'answer');
    equal(await network.balance(bob, asset), '1.0000000', 'paid');
  },

  async failed_transaction_is_kept_and_marked() {
    const { alice, bob, asset } = await market();
    const transaction = await network.build(alice, [pay(bob, asset, '100000')]);
    await network.refusal(transaction);
    const found = await server.transactions().transaction(hashOf(transaction)).call();
    equal(found.successful, false, 'successful');
    const visible = async (call) => (await call.call()).records.map((each) => each.hash).includes(hashOf(transaction));
    const list = () => server.transactions().forAccount(alice.publicKey());
    equal([await visible(list()), await visible(list().includeFailed(true))], [false, true], 'listed');
  },

  async asynchronous_submission_is_found_later() {
    const { alice, bob } = await market();
    const transaction = await network.build(alice, [pay(bob, native, '1')]);
    const { tx_status: status, hash } = await server.submitAsyncTransaction(transaction);
    equal([status, hash], ['PENDING', hashOf(transaction)], 'answer');
    const look = () => server.transactions().transaction(hash).call().catch(() => undefined);
    const found = await until(look, 'the transaction');
    equal(found.successful, true, 'successful');
  },

  async memo_is_required_by_an_account_that_says_so() {
    const { alice, bob } = await market();
    await network.submit(bob, [Operation.manageData({ name: 'config.memo_required', value: '1' })]);
    const without = await network.build(alice, [pay(bob, native, '1')]);
    const refused = await server.submitTransaction(without).catch((error) => error);
    check(refused instanceof AccountRequiresMemoError, `without a memo: ${refused}`);
    await network.submit(alice, [pay(bob, native, '1')], { memo: Memo.id('1') });
  },

  async signers_and_thresholds_are_held() {
    const { alice, bob } = await market();
    const signer = { ed25519PublicKey: bob.publicKey(), weight: 1 };
    const thresholds = { masterWeight: 1, lowThreshold: 1, medThreshold: 2, highThreshold: 2 };
    await network.submit(alice, [Operation.setOptions({ ...thresholds, signer })]);
    const account = await server.loadAccount(alice.publicKey());
    equal(account.thresholds.med_threshold, 2, 'threshold');
    equal(account.signers.map((each) => each.weight), [1, 1], 'weights');
    const carol = await network.createFunded();
    equal(await network.refusal(await network.build(alice, [pay(carol, native, '1')])), 'tx_failed op_bad_auth', 'alone');
    await network.submit(alice, [pay(carol, native, '1')], { signers: [alice, bob] });
  },

  async merged_account_is_gone_and_its_money_arrives() {
    const { bob } = await market();
    const carol = await network.createFunded();
    const { hash } = await network.submit(carol, [Operation.accountMerge({ destination: bob.publicKey() })]);
    const gone = await server.loadAccount(carol.publicKey()).catch((error) => error);
    check(gone instanceof NotFoundError, 'a merged account is still there');
    const [record] = (await server.payments().forTransaction(hash).call()).records;
    equal([record.type, record.into], ['account_merge', bob.publicKey()], 'record');
  },
};

/** Three fresh accounts; alice has 1000 USD of the issuer, bob trusts it. */
async function market() {
  const [issuer, alice, bob] = await Promise.all([1, 2, 3].map(() => network.createFunded()));
  const asset = new Asset('USD', issuer.publicKey());
  await Promise.all([alice, bob].map((each) => network.submit(each, [Operation.changeTrust({ asset })])));
  await network.submit(issuer, [pay(alice, asset, '1000')]);
  return { issuer, alice, bob, asset };
}

await report(async () => {
  const passed = {};
  const failed = {};
  for (const [name, scenario] of Object.entries(scenarios)) {
    const start = performance.now();
    try {
      await scenario();
      passed[name] = `${Math.round(performance.now() - start)} ms`;
    } catch (error) {
      const answer = error.response?.data ?? error.response;
      failed[name] = `${error.message} ${answer ? JSON.stringify(answer).slice(0, 600) : error.stack.split('\n')[1]}`;
    }
  }
  if (Object.keys(failed).length > 0) process.exitCode = 1;
  return { passed, failed };
});
