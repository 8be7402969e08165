import { expect, test } from 'vitest';
import { TOOLS } from '../../src/app/server/tools.ts';
import { DOCUMENT_KINDS, type DocumentKind } from '../../src/core/session/documents/documents.ts';
import { readOverview } from '../../src/core/session/documents/overview.ts';
import { parsePlan } from '../../src/core/session/documents/plan.ts';
import { parseQa } from '../../src/core/session/documents/qa.ts';
import { lintQa } from '../support/lint-qa.ts';
import { fencedBlocks, inBackticks, SOURCE } from './texts.ts';

const SKILLS = SOURCE.skills.map((skill) => [skill.name, skill] as const);

const WRITES: Readonly<Record<string, readonly DocumentKind[]>> = {
  investigation: ['dive'],
  'task-definition': ['task'],
  planning: ['plan'],
  implementation: ['do', 'dop', 'solution-minimal', 'solution-clean', 'comparison'],
  testing: ['test-report'],
  summary: ['summary'],
  quality: ['cleanup', 'quality-review'],
};

test('there are eleven skills', () => {
  expect(SKILLS.map(([name]) => name)).toEqual([
    'codex',
    'gemini',
    'implementation',
    'investigation',
    'planning',
    'quality',
    'samocode-run',
    'session-management',
    'summary',
    'task-definition',
    'testing',
  ]);
});

test.each(SKILLS)('%s is a valid Agent Skill', (name, { meta, text }) => {
  expect([...meta.keys()]).toEqual(['name', 'description']);
  expect(meta.get('name')).toBe(name);
  expect(name).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
  expect(name.length).toBeLessThanOrEqual(64);
  const description = meta.get('description') ?? '';
  expect(description.length).toBeLessThanOrEqual(1024);
  // YAML would read a colon and a space as another key.
  expect(description).not.toMatch(/: | #|[<>]/);
  expect(description).toMatch(/\bUse\b/);
  expect(text.length).toBeLessThan(1_500 * 4);
});

test.each(Object.entries(WRITES))(
  'the documents of %s have their parts and its entry in a chat',
  (name, kinds) => {
    const skill = SOURCE.skills.find((one) => one.name === name);
    for (const kind of kinds) {
      expect(skill?.body).toContain(`TIMESTAMP_FILE-${kind}-[slug].md`);
      for (const part of DOCUMENT_KINDS[kind])
        expect(skill?.body.toLowerCase()).toContain(part.toLowerCase());
    }
    // Reviews work without a session.
    if (name !== 'quality') expect(skill?.body.endsWith(SOURCE.inAChat)).toBe(true);
  },
);

test('questions, plan and overview shown by skills pass their checks', () => {
  const first = (name: string) =>
    fencedBlocks(SOURCE.skills.find((one) => one.name === name)?.body ?? '')[0] ?? '';
  expect(lintQa(parseQa(first('task-definition')))).toEqual([]);
  const { phases } = parsePlan(first('planning'));
  expect(phases.length).toBeGreaterThan(0);
  expect(phases.every(({ steps }) => steps.total > 0)).toBe(true);
  const overview = readOverview(first('session-management'));
  expect(overview).toMatchObject({ phase: 'investigation', totalIterations: 0 });
});

test('the skill for the parent names every tool except the one that only shows, and none that does not exist', () => {
  const skill = SOURCE.skills.find(({ name }) => name === 'samocode-run');
  const named = inBackticks(skill?.body ?? '');
  expect(named).toEqual(expect.arrayContaining(TOOLS.map(({ name }) => name)));
});

test('every skill of a chat searches for its session first, and commits its folder after each action', () => {
  const [first = '', ...steps] = SOURCE.inAChat.split('\n\n').slice(1);
  expect(first).toMatch(
    /^\*\*First find the active session\*\*.*Stop,\nchange nothing.*`session-start`.*`session-continue`/s,
  );
  expect(steps.join()).toContain('follow the steps above as they are written; do not improvise');
  const management = SOURCE.skills.find(({ name }) => name === 'session-management');
  const quality = SOURCE.skills.find(({ name }) => name === 'quality');
  for (const text of [SOURCE.inAChat, management?.body ?? '', quality?.body ?? ''])
    expect(text.replaceAll('\n', ' ')).toContain(
      'ommit the session folder where it lies in a git repository other than MAIN_REPO',
    );
});

test('a summary can be made of any branch, even without a session, but not of a default branch', () => {
  const skill = SOURCE.skills.find(({ name }) => name === 'summary');
  expect(skill?.body).toContain('Argument: a branch');
  expect(skill?.body).toContain('A summary needs no session');
  expect(skill?.body).toContain('On the default branch there is nothing to sum up');
});

test('a handover names the fields of the tool and the options of the command line', () => {
  const skill = SOURCE.skills.find(({ name }) => name === 'session-management');
  const part = skill?.body.split('## handover')[1]?.split('\n## ')[0] ?? '';
  for (const word of ['`from`', '`phase`', '`approve_plan`', '--from [folder] --phase implementation`'])
    expect(part).toContain(word);
  expect(part).toContain('only after a clear yes to *this* plan');
});

test.each(['a loop', 'a jump', 'bad signals'])(
  'the skill for the parent says where to look first and what to propose for %s',
  (what) => {
    const skill = SOURCE.skills.find(({ name }) => name === 'samocode-run');
    const row = skill?.body.split('\n').find((line) => line.startsWith(`| **${what}**`));
    expect(row?.split(' | ').map((cell) => cell.length > 20)).toEqual([true, true, true]);
  },
);

test('the skill for the parent never approves by itself', () => {
  const skill = SOURCE.skills.find(({ name }) => name === 'samocode-run');
  expect(skill?.body).toContain('**No yes of your own.**');
  expect(skill?.body).toContain('in as many words');
});
