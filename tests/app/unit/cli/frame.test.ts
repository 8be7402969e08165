import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { cutToColumns } from '../../../../src/core/faces/terminal/columns.ts';
import {
  ENTER_FULL_SCREEN,
  frameUpdate,
  LEAVE_FULL_SCREEN,
  Output,
} from '../../../../src/core/faces/terminal/output.ts';

test('only changed lines are written, in a single write', () => {
  expect(frameUpdate(['a', 'b', 'c'], ['a', 'x', 'c'])).toBe(
    '\u001b[?2026h\u001b[2;1H\u001b[2Kx\u001b[?2026l',
  );
  expect(frameUpdate(['a'], ['a'])).toBe('');
  expect(frameUpdate(undefined, ['a', ''])).toContain('\u001b[2J');
});

function screen() {
  const chunks: string[] = [];
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 10, rows: 3 });
  stdout.on('data', (bytes: Buffer) => chunks.push(bytes.toString('utf8')));
  const output = new Output({ stdout, stderr: stdout, colourful: true, json: false });
  return { output, stdout, chunks };
}

test('an unchanged frame writes nothing, and a frame of another size writes every line', () => {
  const { output, stdout, chunks } = screen();
  output.openScreen();
  output.draw(['a', 'b'], cutToColumns);
  output.draw(['a', 'b'], cutToColumns);
  expect(chunks).toHaveLength(2);
  stdout.rows = 4;
  output.draw(['a', 'b'], cutToColumns);
  expect(chunks.at(-1)).toContain('\u001b[2J');
  output.forgetScreen();
  output.draw(['a', 'b'], cutToColumns);
  expect(chunks).toHaveLength(4);
});

test('the terminal is restored once before any message', () => {
  const { output, chunks } = screen();
  output.openScreen();
  output.error(new Error('x'));
  output.endLive();
  output.draw(['late'], cutToColumns);
  const [taken, ...rest] = chunks;
  expect(taken).toBe(ENTER_FULL_SCREEN);
  expect(rest[0]).toBe(LEAVE_FULL_SCREEN);
  expect(rest.join('').split(LEAVE_FULL_SCREEN)).toHaveLength(2);
  expect(rest.join('')).not.toContain('late');
});

test('no line of a frame is wider than the screen or contains control sequences', () => {
  const { output, chunks } = screen();
  output.openScreen();
  output.draw(['船船船船船船船', 'a\u001b[2Jb\nc'], cutToColumns);
  expect(chunks.at(-1)).toContain('船船船船…');
  expect(chunks.at(-1)).toContain('ab c');
});
