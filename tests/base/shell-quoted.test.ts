import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runCommand } from '../../src/base/run-command.ts';
import { shellQuoted } from '../../src/base/shell-quoted.ts';

test('a shell reads any words as they were', async () => {
  // No program takes a NUL in an argument, and lone surrogates do not survive UTF-8.
  const word = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
  const words = fc.sample(fc.oneof(word, fc.constantFrom("'", "it's", '$HOME', '`x`', '\n', '"', '')), 100);
  const script = `printf '%s\\0' ${words.map(shellQuoted).join(' ')}`;
  const { stdout } = await runCommand('/bin/sh', ['-c', script], { env: { PATH: process.env.PATH ?? '' } });
  expect(stdout.split('\0').slice(0, -1)).toEqual(words);
});
