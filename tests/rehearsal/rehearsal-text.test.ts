import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DEMO_FILES } from '../../src/demo/demo-project.ts';
import type { ChildRequest } from '../../src/providers/provider.ts';
import { rehearsal } from '../../src/providers/rehearsal.ts';
import { readArguments } from '../../src/rehearsal/arguments.ts';
import { sectionOf, withListLine, withStatusLine } from '../../src/rehearsal/markdown.ts';
import { paperBoatJob } from '../../src/rehearsal/paper-boat-job.ts';
import { firstOpenPhase, phaseCount, renderPlan, withPhaseTicked } from '../../src/rehearsal/plan-text.ts';
import { readPrompt } from '../../src/rehearsal/prompt.ts';
import { answerAll, choiceOf, readQa, renderQa } from '../../src/rehearsal/qa-text.ts';
import { isAfterQuality, withoutTimes } from '../../src/rehearsal/run-tests.ts';

const REQUEST: ChildRequest = {
  cliPath: '/opt/samocode-rehearsal.js',
  prompt: 'Work.',
  promptPath: '/run/prompt.md',
  phase: 'testing',
  iteration: 3,
  sessionDir: '/s',
  workingDir: '/w',
  mainRepo: '/m',
  model: '',
  maxTurns: 300,
  permissions: 'skip',
  nodePath: process.execPath,
  childUuid: 'u-u',
  env: { PATH: '/bin' },
};
const EXIT = { exitCode: 0, endedByUs: false, stderrTail: '' };

test('the provider starts the bundled child by our own Node, with the scenario in its environment', () => {
  const command = rehearsal.buildCommand({ ...REQUEST, scenarioPath: '/x.json' });
  expect(command.file).toBe(process.execPath);
  expect(command.args.slice(0, 3)).toEqual(['/opt/samocode-rehearsal.js', '-p', 'Work.']);
  expect(command.env).toEqual({ PATH: '/bin', REHEARSAL_SCENARIO: '/x.json' });
  expect(command.stdinPath).toBeUndefined();
});

test('a prompt too long for a command line comes on stdin', () => {
  const command = rehearsal.buildCommand({ ...REQUEST, prompt: 'ä'.repeat(70_000) });
  expect(command.stdinPath).toBe('/run/prompt.md');
  expect(readArguments(command.args.slice(1))).toMatchObject({ prompt: undefined, childUuid: 'u-u' });
});

test.each([
  [{ ok: true }, EXIT, undefined],
  [undefined, EXIT, undefined],
  [{ ok: false, problem: { kind: 'auth' as const } }, { ...EXIT, exitCode: 1 }, { kind: 'auth' }],
  [undefined, { ...EXIT, exitCode: 1 }, { kind: 'crashed' }],
  [undefined, { ...EXIT, exitCode: null }, { kind: 'crashed' }],
  [undefined, { ...EXIT, exitCode: 2 }, { kind: 'config' }],
  [undefined, { ...EXIT, exitCode: 143, endedByUs: true }, undefined],
])('an end with %j and %j is %j', (final, exit, problem) => {
  expect(rehearsal.classifyEnd(final, exit)).toEqual(problem);
});

test('every place that the findings name exists in the demo project', () => {
  const places = [...paperBoatJob.findings.join('\n').matchAll(/`([\w./]+):(\d+)`/g)].map(
    ([, path, line]) => {
      return DEMO_FILES.find((file) => file.path === path)?.text.split('\n')[Number(line) - 1];
    },
  );
  expect(places).toEqual([
    expect.stringMatching(/^export function add/),
    expect.stringMatching(/^export function load/),
    expect.stringMatching(/^export function run/),
    expect.stringMatching(/^function keep/),
    expect.stringContaining('no way back'),
  ]);
});

test.each([
  ['B', { index: 1 }],
  ['c) oops', { index: 2 }],
  ['A, C', { index: 0 }],
  ['B - as suggested', { index: 1 }],
  ['Back', { index: 1 }],
  ['a word of my own', { text: 'a word of my own' }],
  ['E', { text: 'E' }],
])('the answer "%s" means %j', (answer, meaning) => {
  expect(choiceOf({ text: 'Name?', options: ['undo', 'back', 'oops'], answer })).toEqual(meaning);
});

test('suggestions fill every open answer and leave the given ones', () => {
  const asked = renderQa('x', paperBoatJob.questions).replace('_waiting_', 'my own');
  const answers = readQa(answerAll(asked)).map(({ answer }) => answer);
  expect(answers).toEqual(['my own', 'B', 'A']);
});

test('taking completion lines and boxes out of a plan gives the plan that was approved', () => {
  const phases = paperBoatJob
    .decide([])
    .phases.map(({ name, steps }) => ({ name, files: ['a'], check: 'b', steps }));
  const plan = renderPlan({
    title: 't',
    created: 'c',
    task: 't',
    requirements: ['r'],
    context: 'c',
    phases,
    notes: ['n'],
  });
  const worked = [1, 2, 3].reduce((text, number) => withPhaseTicked(text, number, '01-08 14:37'), plan);
  expect([firstOpenPhase(plan), firstOpenPhase(worked), phaseCount(plan)]).toEqual([1, undefined, 3]);
  expect(worked.replace(/^\*\*Phase \d completed\*\*.*\n/gm, '').replaceAll('[x]', '[ ]')).toBe(plan);
});

test.each([
  ['', false],
  ['- [1] Phase 3 done: x', false],
  ['- [1] Phase 3 done: x\n- [2] Quality review: y', true],
  ['- [2] Quality review: y\n- [3] Mended after tests: z', false],
])('after the flow %j a run is the second one: %s', (flow, isSecond) => {
  expect(isAfterQuality(flow)).toBe(isSecond);
});

test('a status line and a list line keep every other line of any notebook', () => {
  const line = fc.string({ unit: fc.constantFrom('a', ' ', '#', ':', '-', '\t') });
  fc.assert(
    fc.property(fc.array(line), fc.constantFrom('\n', '\r\n'), (lines, eol) => {
      const after = withListLine(withStatusLine(lines.join(eol), 'Next', 'x'), 'Flow Log', '- y');
      const kept = after.split(/\r?\n/);
      expect(lines.filter((one) => one !== '' && !kept.includes(one))).toEqual([]);
      expect(sectionOf(after, 'Flow Log')).toContain('- y');
      expect(after).toContain('Next: x');
    }),
  );
});

test('whatever a prompt or a Q&A file holds, reading it gives facts or our own error', () => {
  const head = '**Session path:** /s\n**Working directory:** /w\n**Phase:** testing\n';
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.boolean(), (text, hasHead) => {
      expect(Array.isArray(readQa(text))).toBe(true);
      if (hasHead) expect(readPrompt(head + text, 0).sessionDir).toBe('/s');
      else expect(() => readPrompt(text, 0)).toThrow('did not start');
    }),
  );
});

test('stamps come from the prompt in any of its usual dresses', () => {
  const prompt =
    '**Session path:** `/s`\n- **Working directory:** /w\n**Phase:** Testing\n**Iteration:** 007\nTIMESTAMP_FILE: 01-08-1437\n**TIMESTAMP_LOG:** `01-08 14:37`\n';
  expect(readPrompt(prompt, 0)).toMatchObject({
    sessionDir: '/s',
    iteration: 7,
    stamps: { file: '01-08-1437', log: '01-08 14:37', iteration: '[007 @ 01-08 14:37]' },
    feedback: '',
  });
});

test.each([
  [
    'TAP version 13\n# Subtest: one\nok 1 - one\n  ---\n  duration_ms: 0.6\n  ...\n1..1\n# pass 1\n# duration_ms 84.7\n',
    'TAP version 13\nok 1 - one\n1..1\n# pass 1',
  ],
  ['✔ one (0.52ms)\n✔ two (3 ms) (12ms)\nℹ pass 2\nℹ duration_ms 72.5\n', '✔ one\n✔ two (3 ms)\nℹ pass 2'],
  ['waited (3ms)\n', 'waited (3ms)\n'],
])('what a test runner says is told without the times of Node: %j', (output, told) => {
  expect(withoutTimes(output)).toBe(told);
});
