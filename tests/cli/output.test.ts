import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { SamocodeError } from '../../src/base/errors.ts';
import { Output, type Stream } from '../../src/cli/output.ts';

class LostError extends SamocodeError {
  readonly code = 'lost';
}

function newOutput({ json = false, isTTY = false } = {}) {
  let text = '';
  const stream: Stream = new PassThrough().on('data', (bytes: Buffer) => {
    text += bytes.toString('utf8');
  });
  stream.isTTY = isTTY;
  stream.columns = 20;
  const output = new Output({ stdout: stream, stderr: stream, colourful: false, json });
  return { output, written: () => text };
}

test('with --json the object is the only thing on stdout', () => {
  const { output, written } = newOutput({ json: true });
  output.say('words');
  output.live(['block']);
  output.result({ a: 1 }, () => 'words');
  expect(JSON.parse(written())).toEqual({ a: 1 });
});

test('a live block is drawn on a terminal alone', () => {
  const { output, written } = newOutput();
  output.live(['one']);
  expect(written()).toBe('');
});

test('what is said takes the place of the live block', () => {
  const { output, written } = newOutput({ isTTY: true });
  output.live(['one', 'two']);
  output.say('said');
  expect(written().endsWith('\r\u001b[1A\u001b[J\u001b[?25hsaid\n')).toBe(true);
});

test('no live line is wider than the terminal', () => {
  const { output, written } = newOutput({ isTTY: true });
  output.live(['x'.repeat(100)]);
  expect(written()).toContain(`${'x'.repeat(18)}…\u001b[K`);
});

test('an expected error is told in its three sentences', () => {
  const { output, written } = newOutput();
  output.error(new LostError('It is lost.', 'Nobody looked.', 'Look.'));
  expect(written()).toBe('✘ It is lost.\n  Nobody looked.\n  Look.\n');
});

test('a bug shows its stack', () => {
  const { output, written } = newOutput();
  output.error(new Error('oh'));
  expect(written()).toContain('output.test.ts');
});
