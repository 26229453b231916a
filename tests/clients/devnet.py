"""The official Python stellar_sdk against a devnet: what it does on the public test network works here.

    python devnet.py --horizon http://127.0.0.1:8001

Prints a report as JSON, a line for each scenario; ends with 0 or 1.
"""

import argparse
import json
import queue
import sys
import threading
import time

import requests
from stellar_sdk import (
    Asset,
    Claimant,
    Keypair,
    ManageSellOffer,
    MuxedAccount,
    Network,
    PathPaymentStrictReceive,
    PathPaymentStrictSend,
    Payment,
    Server,
    TransactionBuilder,
)
from stellar_sdk.exceptions import BadRequestError, NotFoundError
from stellar_sdk.sep.exceptions import AccountRequiresMemoError

NETWORK = Network.TESTNET_NETWORK_PASSPHRASE
NATIVE = Asset.native()
PATIENCE_S = 10
# Close times are whole seconds that only grow, so the time of a devnet that closes ten ledgers a second runs ahead.
VALIDITY_S = 3600


class Net:
    def __init__(self, url: str):
        self.url = url.rstrip("/")
        self.server = Server(self.url)

    def create_funded(self) -> Keypair:
        keypair = Keypair.random()
        answer = requests.get(f"{self.url}/friendbot", params={"addr": keypair.public_key}, timeout=30)
        assert answer.status_code == 200, answer.text
        return keypair

    def market(self):
        """Three fresh accounts; alice has 1000 USD of the issuer, bob trusts it."""
        issuer, alice, bob = (self.create_funded() for _ in range(3))
        asset = Asset("USD", issuer.public_key)
        for each in (alice, bob):
            self.submit(each, lambda tx: tx.append_change_trust_op(asset))
        self.submit(issuer, lambda tx: tx.append_payment_op(alice.public_key, asset, "1000"))
        return issuer, alice, bob, asset

    def build(self, keypair: Keypair, add, fee: int = 100):
        account = self.server.load_account(keypair.public_key)
        builder = TransactionBuilder(account, NETWORK, base_fee=fee).set_timeout(VALIDITY_S)
        envelope = add(builder).build()
        envelope.sign(keypair)
        return envelope

    def submit(self, keypair: Keypair, add, **options) -> dict:
        envelope = self.build(keypair, add, **options)
        answer = self.server.submit_transaction(envelope)
        assert answer["successful"] is True, answer
        assert answer["hash"] == envelope.hash_hex(), answer
        return answer

    def refusal(self, envelope) -> str:
        try:
            self.server.submit_transaction(envelope, skip_memo_required_check=True)
        except BadRequestError as error:
            assert error.status == 400, error
            codes = error.extras["result_codes"]
            return " ".join([codes["transaction"], *codes.get("operations", [])])
        raise AssertionError("the network took a transaction that it has to refuse")

    def balance(self, keypair: Keypair, asset: Asset) -> str | None:
        for each in self.server.accounts().account_id(keypair.public_key).call()["balances"]:
            if asset.is_native() and each["asset_type"] == "native":
                return each["balance"]
            if (each.get("asset_code"), each.get("asset_issuer")) == (asset.code, asset.issuer):
                return each["balance"]
        return None


def same(found, expected) -> None:
    assert found == expected, f"{found}, expected {expected}"


def friendbot_creates_an_account(net: Net) -> None:
    keypair = net.create_funded()
    same(net.balance(keypair, NATIVE), "10000.0000000")
    try:
        net.server.load_account(Keypair.random().public_key)
    except NotFoundError:
        return
    raise AssertionError("an unknown account was found")


def fees_and_root_are_served(net: Net) -> None:
    same(net.server.root().call()["network_passphrase"], NETWORK)
    assert net.server.fetch_base_fee() >= 100
    assert int(net.server.fee_stats().call()["max_fee"]["mode"]) >= 100


def asset_is_trusted_issued_and_paid(net: Net) -> None:
    issuer, alice, bob, asset = net.market()
    answer = net.submit(
        alice, lambda tx: tx.append_payment_op(bob.public_key, asset, "12.3456789").add_text_memo("rent")
    )
    same(net.balance(alice, asset), "987.6543211")
    same(net.balance(bob, asset), "12.3456789")
    found = net.server.transactions().transaction(answer["hash"]).call()
    same((found["memo_type"], found["memo"]), ("text", "rent"))


def muxed_destination_is_kept(net: Net) -> None:
    _, alice, bob, _ = net.market()
    muxed = MuxedAccount(bob.public_key, 42)
    answer = net.submit(alice, lambda tx: tx.append_payment_op(muxed, NATIVE, "1"))
    (record,) = net.server.payments().for_transaction(answer["hash"]).call()["_embedded"]["records"]
    same((record["to"], record["to_muxed"], record["to_muxed_id"]), (bob.public_key, muxed.account_muxed, "42"))


def payments_stream_and_resume_at_their_cursor(net: Net) -> None:
    _, alice, bob, asset = net.market()
    latest = net.server.payments().for_account(bob.public_key).order(desc=True).limit(1).call()
    cursor = latest["_embedded"]["records"][0]["paging_token"]

    def streamed(cursor: str, count: int, meanwhile) -> list:
        found: queue.Queue = queue.Queue()

        def listen() -> None:
            for record in net.server.payments().for_account(bob.public_key).cursor(cursor).stream():
                found.put(record)
                if found.qsize() >= count:
                    return

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        meanwhile()
        listener.join(PATIENCE_S)
        return [found.get_nowait() for _ in range(found.qsize())]

    def pay(amount: str):
        return lambda: net.submit(alice, lambda tx: tx.append_payment_op(bob.public_key, asset, amount))

    first = streamed(cursor, 1, pay("1"))
    same([each["amount"] for each in first], ["1.0000000"])
    # Missed while nobody listened: both come, once, in order.
    pay("2")()
    pay("3")()
    missed = streamed(first[0]["paging_token"], 2, lambda: None)
    same([each["amount"] for each in missed], ["2.0000000", "3.0000000"])


def claimable_balance_is_found_and_claimed(net: Net) -> None:
    issuer, _, bob, asset = net.market()
    claimants = [Claimant(bob.public_key)]
    net.submit(issuer, lambda tx: tx.append_create_claimable_balance_op(asset, "5", claimants))
    (record,) = net.server.claimable_balances().for_claimant(bob.public_key).call()["_embedded"]["records"]
    same((record["amount"], record["asset"]), ("5.0000000", f"USD:{issuer.public_key}"))
    net.submit(bob, lambda tx: tx.append_claim_claimable_balance_op(record["id"]))
    same(net.balance(bob, asset), "5.0000000")


def path_payment_delivers_what_the_offer_gives(net: Net) -> None:
    _, alice, bob, asset = net.market()
    net.submit(alice, lambda tx: tx.append_operation(ManageSellOffer(asset, NATIVE, "100", "2")))
    carol = net.create_funded()
    send = PathPaymentStrictSend(bob.public_key, NATIVE, "10", asset, "1", [])
    receive = PathPaymentStrictReceive(bob.public_key, NATIVE, "100", asset, "3", [])
    answer = net.submit(carol, lambda tx: tx.append_operation(send).append_operation(receive))
    records = net.server.payments().for_transaction(answer["hash"]).call()["_embedded"]["records"]
    same([(each["source_amount"], each["amount"]) for each in records], [("10.0000000", "5.0000000"), ("6.0000000", "3.0000000")])


def fee_bump_is_paid_by_the_other_account(net: Net) -> None:
    _, alice, bob, _ = net.market()
    inner = net.build(alice, lambda tx: tx.append_payment_op(bob.public_key, NATIVE, "1"))
    outer = TransactionBuilder.build_fee_bump_transaction(bob, 500, inner, NETWORK)
    outer.sign(bob)
    answer = net.server.submit_transaction(outer)
    found = net.server.transactions().transaction(answer["hash"]).call()
    same((found["fee_account"], found["source_account"]), (bob.public_key, alice.public_key))


def refusals_carry_the_codes_of_the_network(net: Net) -> None:
    issuer, alice, bob, asset = net.market()
    carol = net.create_funded()
    pay = lambda to, what, amount: lambda tx: tx.append_operation(Payment(to.public_key, what, amount))  # noqa: E731
    same(net.refusal(net.build(alice, pay(bob, asset, "100000"))), "tx_failed op_underfunded")
    same(net.refusal(net.build(issuer, pay(carol, asset, "1"))), "tx_failed op_no_trust")
    same(net.refusal(net.build(alice, pay(Keypair.random(), NATIVE, "1"))), "tx_failed op_no_destination")
    stale = net.build(alice, pay(bob, NATIVE, "1"))
    net.submit(alice, pay(bob, NATIVE, "2"))
    same(net.refusal(stale), "tx_bad_seq")


def asynchronous_submission_is_found_later(net: Net) -> None:
    _, alice, bob, _ = net.market()
    envelope = net.build(alice, lambda tx: tx.append_payment_op(bob.public_key, NATIVE, "1"))
    answer = net.server.submit_transaction_async(envelope)
    same((answer["tx_status"], answer["hash"]), ("PENDING", envelope.hash_hex()))
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            same(net.server.transactions().transaction(envelope.hash_hex()).call()["successful"], True)
            return
        except NotFoundError:
            assert time.monotonic() < deadline, "the transaction was never found"
            time.sleep(0.05)


def memo_is_required_by_an_account_that_says_so(net: Net) -> None:
    _, alice, bob, _ = net.market()
    net.submit(bob, lambda tx: tx.append_manage_data_op("config.memo_required", "1"))
    try:
        net.submit(alice, lambda tx: tx.append_payment_op(bob.public_key, NATIVE, "1"))
    except AccountRequiresMemoError:
        net.submit(alice, lambda tx: tx.append_payment_op(bob.public_key, NATIVE, "1").add_id_memo(1))
        return
    raise AssertionError("a payment without a memo was sent")


SCENARIOS = [
    fees_and_root_are_served,
    friendbot_creates_an_account,
    asset_is_trusted_issued_and_paid,
    muxed_destination_is_kept,
    payments_stream_and_resume_at_their_cursor,
    claimable_balance_is_found_and_claimed,
    path_payment_delivers_what_the_offer_gives,
    fee_bump_is_paid_by_the_other_account,
    refusals_carry_the_codes_of_the_network,
    asynchronous_submission_is_found_later,
    memo_is_required_by_an_account_that_says_so,
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--horizon", required=True)
    net = Net(parser.parse_args().horizon)
    passed, failed = {}, {}
    for scenario in SCENARIOS:
        start = time.monotonic()
        try:
            scenario(net)
            passed[scenario.__name__] = f"{round((time.monotonic() - start) * 1000)} ms"
        except Exception as error:  # whatever went wrong belongs in the report
            failed[scenario.__name__] = f"{type(error).__name__}: {error}"
    print(json.dumps({"passed": passed, "failed": failed}, indent=2))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
