#!/usr/bin/env bash
# Who is speaking? Train on 270 utterances of nine men, evaluate on 370 others, and name the speakers of the first three.
# `make demo` runs this; a folder for the results may be given.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

data=examples/data
folder=${1:-$(mktemp -d "${TMPDIR:-/tmp}/throughtime-demo.XXXXXX")}
mkdir -p "$folder"

say_and_do() {
  printf '\n$ %s\n' "$*"
  "$@"
}

say_and_do throughtime fit classify "$data/japanese_vowels_train.jsonl" \
  --test "$data/japanese_vowels_test.jsonl" --out "$folder/speaker"
say_and_do throughtime evaluate "$folder/speaker" "$data/japanese_vowels_test.jsonl"
head -n 3 "$data/japanese_vowels_test.jsonl" >"$folder/three.jsonl"
say_and_do throughtime predict "$folder/speaker" "$folder/three.jsonl"

printf '\nThe trained model is in %s\n' "$folder/speaker"
