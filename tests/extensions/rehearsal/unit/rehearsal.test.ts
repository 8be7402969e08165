import { expect, test } from 'vitest';
import type { AgentRequest } from '../../../../src/core/agents/contract/provider.ts';
import { readPrompt } from '../../../../src/extensions/rehearsal/agent/read-prompt.ts';
import { rehearsal } from '../../../../src/extensions/rehearsal/rehearsal.ts';

const REQUEST: AgentRequest = {
  cliPath: '/opt/samocode-rehearsal.js',
  promptPath: '/run/prompt.md',
  phase: 'testing',
  sessionDir: '/s',
  workingDir: '/w',
  mainRepo: '/m',
  model: '',
  own: { CLAUDE_MAX_TURNS: 300 },
  permissions: 'skip',
  programFolder: '/opt/samocode',
  atEnd: ['/usr/bin/node', '/opt/samocode/form-check.cjs', '{}'],
  nodePath: process.execPath,
  childUuid: 'u-u',
  env: { PATH: '/bin' },
};
const EXIT = { exitCode: 0, stderrTail: '' };

test("the provider starts the bundled agent with samocode's own Node, the prompt on stdin and the scenario in its environment", () => {
  const command = rehearsal.buildCommand({ ...REQUEST, scenarioPath: '/x.json' });
  expect(command.file).toBe(process.execPath);
  expect(command.args.slice(0, 2)).toEqual(['/opt/samocode-rehearsal.js', '-p']);
  expect(command.env).toEqual({ PATH: '/bin', REHEARSAL_SCENARIO: '/x.json' });
  expect(command.stdinPath).toBe('/run/prompt.md');
});

test.each([
  [{ ok: true }, EXIT, undefined],
  [undefined, EXIT, undefined],
  [{ ok: false, problem: { kind: 'auth' as const } }, { ...EXIT, exitCode: 1 }, { kind: 'auth' }],
  [undefined, { ...EXIT, exitCode: 1 }, { kind: 'crashed' }],
  [undefined, { ...EXIT, exitCode: null }, { kind: 'crashed' }],
  [undefined, { ...EXIT, exitCode: 2 }, { kind: 'config' }],
])('an end with %j and %j is classified as %j', (final, exit, problem) => {
  expect(rehearsal.classifyEnd(final, exit)).toEqual(problem);
});

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
