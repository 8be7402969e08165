import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Line, newLineSplitter } from '../../src/server/transport/line-splitter.ts';

/** Hands over a text in pieces of these sizes, again and again. */
function split(text: string, sizes: readonly number[], maxBytes: number): Line[] {
  const bytes = Buffer.from(text);
  const take = newLineSplitter(maxBytes);
  const lines: Line[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    lines.push(...take(Buffer.from(bytes.subarray(at, at + size))));
    at += size;
  }
  return lines;
}

test('lines are the same however the stream was cut, and none beyond the bound is kept', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => text.replaceAll('\n', ''));
  const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(line), sizes, fc.nat(40), (texts, cuts, maxBytes) => {
      const lines = split(texts.map((text) => `${text}\n`).join(''), cuts, maxBytes);
      const expected = texts.map((text) => {
        const sizeBytes = Buffer.byteLength(text);
        if (sizeBytes <= maxBytes) return { kind: 'line', text };
        return { kind: 'oversized', head: expect.any(String), tail: expect.any(String), sizeBytes };
      });
      expect(lines).toEqual(expected);
    }),
  );
});

test('of a line that is too large the beginning and the end are kept', () => {
  const text = `start${'x'.repeat(5000)}end\nnext\n`;
  const [large, next] = split(text, [100], 4000);
  expect(large).toMatchObject({ kind: 'oversized', sizeBytes: 5008 });
  if (large?.kind !== 'oversized') return;
  expect([large.head.slice(0, 6), large.head.length]).toEqual(['startx', 1024]);
  expect([large.tail.slice(-4), large.tail.length]).toEqual(['xend', 1024]);
  expect(next).toEqual({ kind: 'line', text: 'next' });
});

test('half a line is no line', () => {
  expect(split('{"a":', [2], 100)).toEqual([]);
});
