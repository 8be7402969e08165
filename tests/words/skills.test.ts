import { expect, test } from 'vitest';
import { TOOLS } from '../../src/server/tools/index.ts';
import { DOCUMENT_KINDS, type DocumentKind } from '../../src/session/documents/documents.ts';
import { readOverview } from '../../src/session/documents/overview.ts';
import { parsePlan } from '../../src/session/documents/plan.ts';
import { parseQa } from '../../src/session/documents/qa.ts';
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

test('the eleven skills are there', () => {
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
  // YAML would take a colon and a blank for another key.
  expect(description).not.toMatch(/: | #|[<>]/);
  expect(description).toMatch(/\bUse\b/);
  expect(text.length).toBeLessThan(1_500 * 4);
});

test.each(Object.entries(WRITES))(
  'the documents of %s have their parts and its way in a chat',
  (name, kinds) => {
    const skill = SOURCE.skills.find((one) => one.name === name);
    for (const kind of kinds) {
      expect(skill?.body).toContain(`TIMESTAMP_FILE-${kind}-slug.md`);
      for (const part of DOCUMENT_KINDS[kind])
        expect(skill?.body.toLowerCase()).toContain(part.toLowerCase());
    }
    // Reviews work without a session.
    if (name !== 'quality') expect(skill?.body.endsWith(SOURCE.inAChat)).toBe(true);
  },
);

test('questions, plan and notebook that skills show are read without a remark', () => {
  const first = (name: string) =>
    fencedBlocks(SOURCE.skills.find((one) => one.name === name)?.body ?? '')[0] ?? '';
  expect(lintQa(parseQa(first('task-definition')))).toEqual([]);
  expect(parsePlan(first('planning')).problems).toEqual([expect.objectContaining({ name: 'phase_count' })]);
  const notebook = readOverview(first('session-management'));
  expect(notebook).toMatchObject({ phase: 'investigation', totalIterations: 0 });
});

test('the skill for the parent names every tool but the one that only shows, and none of its own', () => {
  const skill = SOURCE.skills.find(({ name }) => name === 'samocode-run');
  const named = inBackticks(skill?.body ?? '');
  expect(named).toEqual(expect.arrayContaining(TOOLS.map(({ name }) => name)));
});

test('the skill for the parent gives no yes of its own', () => {
  const skill = SOURCE.skills.find(({ name }) => name === 'samocode-run');
  expect(skill?.body).toContain('**No yes of your own.**');
  expect(skill?.body).toContain('in as many words');
});
