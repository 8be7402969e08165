import { expect, test } from 'vitest';
import { readPrompt } from '../../../../src/extensions/rehearsal/agent/read-prompt.ts';

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
