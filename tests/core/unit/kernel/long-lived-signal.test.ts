import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { makeAsk } from '../../../../src/core/faces/terminal/ask.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { heldBy } from '../../../support/held-by.ts';

test('a long-lived signal keeps no reference to the commands that were run with it', async () => {
  const { signal } = new AbortController();
  for (let count = 0; count < 5; count += 1) await runCommand('true', [], { signal, timeoutMs: 60_000 });
  expect(heldBy(signal)).toBe(0);
});

test('a long-lived signal keeps no reference to the questions that it may interrupt', async () => {
  const { signal } = new AbortController();
  const input = new PassThrough();
  const ask = makeAsk(input, new PassThrough(), signal);
  const answered = ask('Which boat? ');
  setTimeout(() => input.write('the red one\n'));
  expect(await answered).toBe('the red one');
  expect(heldBy(signal)).toBe(0);
});

test('an interrupt ends a question, even if it came before the question', async () => {
  const interrupt = new AbortController();
  const ask = makeAsk(new PassThrough(), new PassThrough(), interrupt.signal);
  const asked = ask('Which boat? ');
  setTimeout(() => interrupt.abort(new Error('interrupted')));
  await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
  await expect(ask('Which boat? ')).rejects.toMatchObject({ name: 'AbortError' });
});

test('an input that ends leaves the question unanswered', async () => {
  const input = new PassThrough();
  const asked = makeAsk(input, new PassThrough(), new AbortController().signal)('Which boat? ');
  setTimeout(() => input.end());
  await expect(asked).rejects.toMatchObject({ name: 'AbortError', cause: { code: 'input_ended' } });
});
