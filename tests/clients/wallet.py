"""A wallet built on the official Python SDK: reads, checks and signs an anchor's SEP-10 challenge and gets a token.

    python wallet.py --home-domain localhost --connect-to localhost:80:127.0.0.1:8000

Prints a report as JSON; ends with 0 or 1. This SDK compares `web_auth_domain` with whatever the caller passes; given here
is the host of WEB_AUTH_ENDPOINT with its port, as SEP-10 says, so that an anchor on any port is checked too.
"""

import argparse
import json
import socket
import sys
import tomllib
from urllib.parse import urlsplit

import requests
from stellar_sdk import Keypair, Network, TransactionEnvelope
from stellar_sdk.sep.ed25519_public_key_signer import Ed25519PublicKeySigner
from stellar_sdk.sep.exceptions import InvalidSep10ChallengeError
from stellar_sdk.sep.stellar_web_authentication import (
    read_challenge_transaction,
    verify_challenge_transaction,
    verify_challenge_transaction_threshold,
)

NETWORK = Network.TESTNET_NETWORK_PASSPHRASE


def main() -> dict:
    options = arguments()
    connect_to(options.connect_to)
    keypair = Keypair.from_secret(options.secret) if options.secret else Keypair.random()
    toml = tomllib.loads(fetch(f"http://{options.home_domain}/.well-known/stellar.toml").text)
    endpoint, signing_key = toml["WEB_AUTH_ENDPOINT"], toml["SIGNING_KEY"]

    question = {"account": keypair.public_key, "home_domain": options.home_domain}
    if options.memo:
        question["memo"] = options.memo
    if options.client_domain:
        question["client_domain"] = options.client_domain
    rules = (signing_key, options.home_domain, urlsplit(endpoint).netloc, NETWORK)

    def challenge() -> TransactionEnvelope:
        answer = fetch(endpoint, params=question).json()
        assert answer.get("network_passphrase", NETWORK) == NETWORK, answer
        read = read_challenge_transaction(answer["transaction"], *rules)
        assert read.client_account_id == keypair.public_key, read
        assert read.memo == (int(options.memo) if options.memo else None), read
        return TransactionEnvelope.from_xdr(answer["transaction"], NETWORK)

    def signed() -> dict:
        envelope = challenge()
        envelope.sign(keypair)
        if options.client_secret:
            envelope.sign(Keypair.from_secret(options.client_secret))
        verify(envelope.to_xdr())
        return {"transaction": envelope.to_xdr()}

    def verify(transaction: str) -> None:
        """What the SDK gives to servers: it has to agree that this is an authentication, and for whom."""
        if not options.memo and not options.client_domain:
            verify_challenge_transaction(transaction, *rules)
        signer = Ed25519PublicKeySigner(keypair.public_key, 1)
        found = verify_challenge_transaction_threshold(transaction, *rules, 1, [signer])
        assert [each.account_id for each in found] == [keypair.public_key], found
        for threshold, signers in [(2, [signer]), (1, [Ed25519PublicKeySigner(Keypair.random().public_key, 1)])]:
            try:
                verify_challenge_transaction_threshold(transaction, *rules, threshold, signers)
            except InvalidSep10ChallengeError:
                continue
            raise AssertionError(f"the SDK takes threshold {threshold} for {signers}")

    return {
        "account": keypair.public_key,
        "memo": options.memo,
        # SEP-10 lets a wallet choose.
        "token_for_json": post(endpoint, json=signed()),
        "token_for_form": post(endpoint, data=signed()),
        "refusal_of_unsigned": refusal(endpoint, {"transaction": challenge().to_xdr()}),
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home-domain", required=True)
    parser.add_argument("--secret", help="without one, a new key")
    parser.add_argument("--memo", help="the user of an omnibus account")
    parser.add_argument("--client-domain", help="the wallet's domain")
    parser.add_argument("--client-secret", help="of the account that the stellar.toml of the wallet's domain names")
    parser.add_argument("--connect-to", help="host:port:host:port, as curl's option")
    return parser.parse_args()


def connect_to(rule: str | None) -> None:
    """Sends connections for one host and port to another; URL and Host header stay. See lib/connect-to.mjs."""
    if not rule:
        return
    meant_host, meant_port, host, port = rule.split(":")
    look_up = socket.getaddrinfo

    def mapped(name, service, *rest, **options):
        if (name, str(service)) == (meant_host, meant_port):
            name, service = host, int(port)
        return look_up(name, service, *rest, **options)

    socket.getaddrinfo = mapped


def fetch(url: str, **options) -> requests.Response:
    response = requests.get(url, timeout=30, **options)
    assert response.status_code == 200, f"GET {url} answered {response.status_code}: {response.text}"
    return response


def post(endpoint: str, **body) -> str:
    response = requests.post(endpoint, timeout=30, **body)
    assert response.status_code == 200, f"POST {endpoint} answered {response.status_code}: {response.text}"
    return response.json()["token"]


def refusal(endpoint: str, body: dict) -> str:
    response = requests.post(endpoint, json=body, timeout=30)
    assert response.status_code == 400, f"an unsigned challenge was answered {response.status_code}: {response.text}"
    return response.json()["error"]


if __name__ == "__main__":
    try:
        print(json.dumps(main(), indent=2))
    except Exception as error:  # whatever went wrong belongs in the report
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}, indent=2))
        sys.exit(1)
