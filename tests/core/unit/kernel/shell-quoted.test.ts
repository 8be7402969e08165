import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { shellQuoted, shellWord } from '../../../../src/core/kernel/shell-quoted.ts';

test('a shell reads any quoted word unchanged', async () => {
  // No program accepts a NUL in an argument, and lone surrogates do not survive UTF-8.
  const word = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
  const words = fc.sample(fc.oneof(word, fc.constantFrom("'", "it's", '$HOME', '`x`', '\n', '"', '')), 100);
  for (const asRead of [shellQuoted, shellWord]) {
    const script = `printf '%s\\0' ${words.map(asRead).join(' ')}`;
    const { stdout } = await runCommand('/bin/sh', ['-c', script], { env: { PATH: process.env.PATH ?? '' } });
    expect(stdout.split('\0').slice(0, -1)).toEqual(words);
  }
});

test('a word that needs no quotes gets none', () => {
  expect(shellWord('/tmp/samocode-demo-a1/paper_boat')).toBe('/tmp/samocode-demo-a1/paper_boat');
  expect(shellWord('/tmp/my boat')).toBe("'/tmp/my boat'");
});
