import { expect, test } from 'vitest';
import { readPrompt } from '../../../../src/extensions/rehearsal/agent/read-prompt.ts';

test('the time of an iteration is read from the prompt, and labelled lines in any of their usual forms', () => {
  const prompt =
    '**Session path:** `/s`\n- **Working directory:** /w\n**Phase:** Testing\n**Iteration:** 007\n**Time limit:** 30 minutes from 01-08 14:37 on; `date` shows the time\n';
  expect(readPrompt(prompt, 0)).toMatchObject({
    sessionDir: '/s',
    iteration: 7,
    stamps: { file: '01-08-1437', log: '01-08 14:37', iteration: '[007 @ 01-08 14:37]' },
    feedback: '',
  });
});

test.each([
  ['- Done: `{"status":"done","phase":"done","summary":"[what]"}`', true],
  ['- Done, and no command shows it: `{"status":"continue","phase":"quality"}`', false],
])('it may end the session where the signals offer that: %s', (signals, mayBeDone) => {
  const prompt = `**Session path:** /s\n**Working directory:** /w\n**Phase:** implementation\n\n${signals}\n`;
  expect(readPrompt(prompt, 0)).toMatchObject({ mayBeDone });
});
