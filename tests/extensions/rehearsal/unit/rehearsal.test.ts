import { expect, test } from 'vitest';
import type { AgentRequest } from '../../../../src/core/agents/contract/provider.ts';
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
