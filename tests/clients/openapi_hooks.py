"""Writes down what every request of schemathesis was answered: `METHOD path status`, a line each."""

import os

import schemathesis

ANSWERS = open(os.environ["ANCHOR_FUZZ_ANSWERS"], "a", buffering=1)


@schemathesis.hook
def after_call(context, case, response):
    ANSWERS.write(f"{response.request.method} {case.operation.path} {response.status_code}\n")
