// Short names for what the devnet script does over and over: accounts, signed transactions, expected refusals.
import { Account, BASE_FEE, Horizon, Keypair, Networks, Operation, TransactionBuilder } from '@stellar/stellar-sdk';

import { check } from './arguments.mjs';

export const NETWORK = Networks.TESTNET;

// Close times are whole seconds that only grow, so the time of a devnet that closes ten ledgers a second runs ahead.
const VALIDITY_S = 3600;

export class Network {
  constructor(url) {
    this.server = new Horizon.Server(url, { allowHttp: true });
  }

  async createFunded() {
    const keypair = Keypair.random();
    await this.server.friendbot(keypair.publicKey()).call();
    return keypair;
  }

  /** A transaction on the account's present sequence number, signed by its own key or by `signers` instead. */
  async build(keypair, operations, { memo, fee = BASE_FEE, sequence, timebounds, signers = [keypair] } = {}) {
    const address = keypair.publicKey();
    const account = sequence === undefined ? await this.server.loadAccount(address) : new Account(address, sequence);
    const builder = new TransactionBuilder(account, { fee, memo, timebounds, networkPassphrase: NETWORK });
    for (const operation of operations) builder.addOperation(operation);
    if (!timebounds) builder.setTimeout(VALIDITY_S);
    const transaction = builder.build();
    for (const signer of signers) transaction.sign(signer);
    return transaction;
  }

  async submit(keypair, operations, options) {
    const transaction = await this.build(keypair, operations, options);
    const answer = await this.server.submitTransaction(transaction);
    check(answer.successful === true, `successful is ${answer.successful}`);
    check(answer.hash === hashOf(transaction), `hash ${answer.hash}, ours is ${hashOf(transaction)}`);
    return answer;
  }

  /** Submits what the network has to refuse, and returns the result codes it refuses with. */
  async refusal(transaction) {
    try {
      await this.server.submitTransaction(transaction, { skipMemoRequiredCheck: true });
    } catch (error) {
      const { status, extras } = error.response?.data ?? error.response ?? {};
      check(status === 400, `refused with ${status}: ${error.message}`);
      return [extras.result_codes.transaction, ...(extras.result_codes.operations ?? [])].join(' ');
    }
    throw new Error('the network took a transaction that it has to refuse');
  }

  async balance(keypair, asset) {
    const account = await this.server.loadAccount(keypair.publicKey());
    return account.balances.find((each) =>
      asset.isNative()
        ? each.asset_type === 'native'
        : each.asset_code === asset.getCode() && each.asset_issuer === asset.getIssuer(),
    )?.balance;
  }
}

export function hashOf(transaction) {
  return Buffer.from(transaction.hash()).toString('hex');
}

export function pay(to, asset, amount) {
  return Operation.payment({ destination: typeof to === 'string' ? to : to.publicKey(), asset, amount });
}

export function equal(found, expected, what) {
  const [a, b] = [found, expected].map((each) => JSON.stringify(each));
  check(a === b, `${what}: ${a}, expected ${b}`);
}

/**
 * Opens a stream and returns once the server has answered, so that nothing that follows can come too early for it.
 * The SDK does not tell; its event source calls `fetch`, and the answer to that does.
 */
export async function openStream(callBuilder, handlers) {
  const realFetch = globalThis.fetch;
  let close;
  try {
    await new Promise((resolve, reject) => {
      globalThis.fetch = async (...request) => {
        const response = await realFetch(...request);
        const type = response.headers.get('content-type') ?? '';
        if (response.ok && type.startsWith('text/event-stream')) resolve();
        else reject(new Error(`the stream was answered ${response.status} ${type}`));
        return response;
      };
      close = callBuilder.stream(handlers);
    });
  } finally {
    globalThis.fetch = realFetch;
  }
  return close;
}

/** Resolves when `count` records have come, rejects when they do not come in ten seconds. */
export function collector(count) {
  const records = [];
  let done;
  const all = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${records.length} of ${count} records streamed`)), 10_000);
    done = () => {
      clearTimeout(timer);
      resolve(records);
    };
  });
  const onmessage = (record) => {
    records.push(record);
    if (records.length >= count) done();
  };
  return { all, onmessage };
}

export async function until(holds, what) {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    const found = await holds();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not within ten seconds`);
}
