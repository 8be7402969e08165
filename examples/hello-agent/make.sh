#!/bin/sh
# One program, one test: the smallest repository that a session can work on.
set -eu
cd "$1"
cat >hello.mjs <<'FILE'
console.log('Hello, world!');
FILE
cat >hello.test.mjs <<'FILE'
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const hello = (...names) => execFileSync(process.execPath, ['hello.mjs', ...names], { encoding: 'utf8' });

test('the world is greeted', () => {
  assert.equal(hello(), 'Hello, world!\n');
});
FILE
cat >package.json <<'FILE'
{ "name": "hello", "private": true, "type": "module", "scripts": { "test": "node --test" } }
FILE
