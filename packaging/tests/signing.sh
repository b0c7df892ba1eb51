#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the tests with signatures share: a folder of their own in $work, throw-away keys, and a server that ends with them.
# shellcheck disable=SC2034  # for who sources this
source=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")
work=$(mktemp -d)
export GNUPGHOME=$work/gnupg
mkdir -m 700 "$GNUPGHOME"

# Ends $server, if the test has started one.
close() {
  [ -z "${server:-}" ] || kill "$server"
  gpgconf --kill all
  rm -rf "$work"
}
trap close EXIT

fail() {
  printf '%s\n' "$*"
  exit 1
}

new_key() { gpg --batch --quiet --passphrase '' --quick-gen-key "$1" rsa3072 sign never 2>/dev/null; }
