import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPrompt } from '../../src/rehearsal/read-prompt.ts';

const HEAD = '**Session path:** /s\n**Working directory:** /w\n**Phase:** testing\n';

test('reading any prompt gives facts or the expected error', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(readPrompt(HEAD + text, 0).sessionDir).toBe('/s');
      expect(() => readPrompt(text, 0)).toThrow('did not start');
    }),
  );
});

test('stamps are read from the prompt in any of its usual forms', () => {
  const prompt =
    '**Session path:** `/s`\n- **Working directory:** /w\n**Phase:** Testing\n**Iteration:** 007\nTIMESTAMP_FILE: 01-08-1437\n**TIMESTAMP_LOG:** `01-08 14:37`\n';
  expect(readPrompt(prompt, 0)).toMatchObject({
    sessionDir: '/s',
    iteration: 7,
    stamps: { file: '01-08-1437', log: '01-08 14:37', iteration: '[007 @ 01-08 14:37]' },
    feedback: '',
  });
});
