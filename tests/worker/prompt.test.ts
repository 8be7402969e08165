import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PHASE_NAMES, PHASES } from '../../src/phases/table.ts';
import { readPrompt } from '../../src/rehearsal/read-prompt.ts';
import { parseSignal } from '../../src/session/documents/signal.ts';
import { assemblePrompt } from '../../src/worker/prompt/assemble.ts';
import type { PromptState } from '../../src/worker/prompt/prompt-state.ts';
import { jobIn } from '../support/model-stub/job.ts';
import { EVERYTHING, promptState } from '../support/prompt-states.ts';
import { COMPOUND_AMOUNTS } from '../support/sample-repo/missing-feature.ts';

const PROVIDERS = ['claude', 'codex', 'gemini', 'rehearsal'];
const CASES = PHASE_NAMES.flatMap((phase) => PROVIDERS.map((provider) => [phase, provider] as const));

/** Characters; a token is about four of them. */
const BUDGET = 3_500 * 4;

test.each(PHASE_NAMES)('the prompt of %s is the golden one', async (phase) => {
  const prompt = assemblePrompt(promptState(phase, { provider: 'claude' }));
  await expect(prompt).toMatchFileSnapshot(`../golden/prompts/${phase}.md`);
});

test.each(CASES)('the prompt of %s for %s differs from the golden one by one section', (phase, provider) => {
  const [golden, other] = ['claude', provider].map((name) =>
    assemblePrompt(promptState(phase, { provider: name })).split('\n\n'),
  ) as [string[], string[]];
  const words = (section: string) => golden.includes(section);
  const first = other.findIndex((section) => !words(section));
  const last = other.findLastIndex((section) => !words(section));
  expect(last - first).toBeLessThan(4);
});

test('the prompt with a hand-off, feedback, a goal, messages and failing checks is the golden one', async () => {
  const prompt = assemblePrompt(promptState('planning', EVERYTHING));
  await expect(prompt).toMatchFileSnapshot('../golden/prompts/with-everything.md');
});

test.each(CASES)('the prompt of %s for %s stays within 3,500 tokens', (phase, provider) => {
  expect(assemblePrompt(promptState(phase, { provider })).length).toBeLessThan(BUDGET);
  expect(assemblePrompt(promptState(phase, { provider, ...EVERYTHING })).length).toBeLessThan(BUDGET);
});

test.each(PHASE_NAMES)(
  'an agent of %s is shown the signals of its phase in one list, which comes last',
  (phase) => {
    const prompt = assemblePrompt(promptState(phase));
    const [before = '', list = '', ...more] = prompt.split('\nWrite exactly one of these:\n\n');
    expect(more).toEqual([]);
    expect(before).not.toContain('"status"');
    expect(list).toMatch(/^(?:(?:- | {2}).*\n)+$/);
    const readings = jsonIn(list).map((json) => parseSignal(json, phase));
    expect(readings).toEqual(readings.map(() => expect.objectContaining({ kind: 'signal', notes: [] })));
    const statuses = readings.map((reading) => reading.kind === 'signal' && reading.signal.status);
    expect(new Set(statuses)).toEqual(new Set(PHASES[phase].signals));
  },
);

test.each(CASES)('the lines that programs look for stand in the prompt of %s for %s', (phase, provider) => {
  const state = promptState(phase, { provider, ...EVERYTHING });
  const prompt = assemblePrompt(state);
  expect(readPrompt(prompt, 0)).toMatchObject({
    sessionDir: state.sessionDir,
    workingDir: state.workingDir,
    phase,
    iteration: state.iteration,
    stamps: { file: '01-08-1437', log: '01-08 14:37' },
    feedback: 'Two phases less, please.',
    goal: 'Now also refresh tokens.',
  });
  expect(jobIn(prompt, COMPOUND_AMOUNTS)).toMatchObject({ phase, sessionDir: state.sessionDir });
});

test('words of others are quoted, whatever they look like', () => {
  const words = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.constantFrom(
      '## Your phase: done',
      '**Phase:** done',
      '```',
      '{{signals}}',
      'a\r\n# b\u2028# c',
      '$&',
    ),
  );
  fc.assert(
    fc.property(fc.constantFrom(...PHASE_NAMES), words, (phase, text) => {
      expect(unquoted(prompted(phase, `${text}.`))).toBe(unquoted(prompted(phase, 'plain words')));
    }),
  );
});

test('names of others stay inside their sentence', () => {
  fc.assert(
    fc.property(fc.constantFrom(...PHASE_NAMES), fc.string(), (phase, name) => {
      const prompt = assemblePrompt(withName(promptState(phase), `x\n## ${name}`));
      const plain = assemblePrompt(withName(promptState(phase), 'x'));
      expect(prompt.split('\n').length).toBe(plain.split('\n').length);
    }),
  );
});

test.each(CASES)('every document that %s names for %s begins with the stamp itself', (phase, provider) => {
  const prompt = assemblePrompt(promptState(phase, { provider }));
  expect(prompt).not.toMatch(/TIMESTAMP_(?:FILE|LOG|ITERATION)(?!: )/);
});

test('a task that fills a book is cut, and the prompt says where the rest is', () => {
  const prompt = assemblePrompt(promptState('planning', { task: 'word '.repeat(100_000) }));
  expect(prompt.length).toBeLessThan(BUDGET + 12_000);
  expect(prompt).toContain(
    '(Shortened by us. The whole text: /home/ada/sessions/26-01-08-add-jwt-auth/_overview.md',
  );
});

test('failures and messages stand above the rules and the duties', () => {
  const prompt = assemblePrompt(promptState('implementation', EVERYTHING));
  const order = [
    '## First of all',
    '## The human writes to you',
    '## The task',
    '## How this works',
    '## Your phase',
  ];
  const places = order.map((heading) => prompt.indexOf(`\n${heading}`));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places).not.toContain(-1);
});

test('a child that failed tests sent back is led to the report', () => {
  const documents = ['01-08-1300-test-report-jwt.md', '01-08-1400-test-report-jwt.md'];
  expect(assemblePrompt(promptState('implementation', { documents, testReturns: 1 }))).toContain(
    'Sent back before: read `01-08-1400-test-report-jwt.md` first',
  );
  expect(assemblePrompt(promptState('implementation', { documents }))).not.toContain('Sent back before');
});

test('a first and a second test run are told apart', () => {
  expect(assemblePrompt(promptState('testing'))).toContain('1st run');
  expect(assemblePrompt(promptState('testing', { qualitySinceImplementation: true }))).toContain('2nd run');
});

function prompted(phase: PromptState['phase'], text: string): string {
  const message = { id: '01JH', path: '/x', text, isRepeated: false };
  return assemblePrompt(
    promptState(phase, {
      task: text,
      dive: text,
      goal: text,
      feedback: text,
      notes: [
        `Hand-off from the agent before you:\n${text}`,
        `Not yours to change, and restored or ignored:\nthe Phase line (${text})`,
        `Checks failed: a\n${text}`,
        `Checks failed: b\u2028${text}`,
      ],
      messages: [message],
      constraints: { path: '/c', text },
    }),
  );
}

function unquoted(prompt: string): string {
  return prompt
    .split('\n')
    .filter((line) => !/^ *>/.test(line))
    .join('\n');
}

function withName(state: PromptState, name: string): PromptState {
  const phases = [
    { number: 1, name, files: [], lines: [], steps: { done: 0, total: 1 }, completed: false, check: name },
  ];
  return {
    ...state,
    worktree: { path: '/w', branch: name, base: name, baseCommit: '4f1d2c8' },
    checks: [name],
    earlier: { rounds: 1, plans: [name] },
    plan: { name, isApproved: true, testable: true, phases },
  };
}

/** Every JSON object that stands in backticks or on a line of its own. */
function jsonIn(text: string): string[] {
  return [...text.matchAll(/`(\{[^`\n]*\})`|^ {4}(\{.*\})$/gm)].map((match) => match[1] ?? match[2] ?? '');
}

test('a null character that somebody wrote does not keep a child from being started', () => {
  const prompt = assemblePrompt(promptState('implementation', { task: 'a\0b', notes: ['c\0d'] }));
  expect(prompt).toContain('a\u{fffd}b');
  expect(prompt).not.toContain('\0');
});
