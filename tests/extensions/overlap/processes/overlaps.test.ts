// @module-tag ci
import { appendFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { planQuestion } from '../../../../src/core/acts/gates/plan-question.ts';
import { readPlan } from '../../../../src/core/acts/gates/read-plan.act.ts';
import { listSessions } from '../../../../src/core/acts/reading/list-sessions.act.ts';
import { getStatus } from '../../../../src/core/caller/facts/get-status.ts';
import { sessionFacts } from '../../../../src/core/caller/facts/session-facts.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { waitingDetails } from '../../../../src/extensions/notify/notice/details.ts';
import { EffectCounter } from '../../../support/counted.ts';
import { type Laid, OWN, overlapScene } from '../overlap-scene.ts';

const PLAN = `# Plan: Boats

### Phase 1: Hull
Files: src/hull.ts, \`docs/\`
- [ ] it

### Phase 2: Sails
Files: src/sails/*.ts
- [ ] it
`;

const BY = { channel: 'cli' } as const;
const ARCHIVED: NewEvent = { type: 'archived', by: BY, what: 'session', moved: [], to: '_archive/x' };
const MERGED: NewEvent = { type: 'merge_ended', outcome: 'merged', into: 'main', files: [], commands: [] };

/** What another session has changed, and what is then said of the plan. */
const ROWS: [string, Laid, string | undefined][] = [
  [
    'a file that a phase names',
    { changed: ['src/hull.ts', 'src/mast.ts'] },
    'Phase 1 names 1 file that tide has changed. Go on, or let the plan wait until tide is merged.',
  ],
  [
    'files in a folder and of a pattern',
    { changed: ['docs/a.md', 'docs/b/c.md', 'src/sails/jib.ts', 'src/sails/old/jib.ts'] },
    'Phases 1 and 2 name 3 files that tide has changed. Go on, or let the plan wait until tide is merged.',
  ],
  ['files that no phase names', { changed: ['src/mast.ts', 'src/hull.tsx'] }, undefined],
  ['nothing yet', {}, undefined],
  ['a file of another repository', { changed: ['src/hull.ts'], record: { repo: '/other' } }, undefined],
  ['the branch on which it stands', { changed: ['src/hull.ts'], record: { branch: 'main' } }, undefined],
  [
    'a branch that stands on its own',
    { changed: ['src/hull.ts'], record: { base: 'samocode/boats' } },
    undefined,
  ],
  ['a file, and is in the archive', { changed: ['src/hull.ts'], more: [ARCHIVED] }, undefined],
  ['a file, and is merged', { changed: ['src/hull.ts'], more: [MERGED] }, undefined],
];

test.each(ROWS)(
  'beside a session that has changed %s, a plan that waits says what overlaps, and nothing else',
  async (...row) => {
    const [, laid, said] = row;
    await using scene = await overlapScene();
    await scene.lay(OWN, { plan: PLAN, changed: ['src/hull.ts'] });
    await scene.lay('26-01-08-tide', laid);
    const { remarks, state } = await readPlan({ session: OWN }, scene.context);
    expect({ state, remarks }).toEqual({ state: 'waits_for_approval', remarks: said ? [said] : [] });
  },
);

test('a branch that a person has merged by hand overlaps with no plan', async () => {
  await using scene = await overlapScene();
  const { repo } = scene;
  await scene.lay(OWN, { plan: PLAN });
  await scene.lay('26-01-08-tide', { changed: ['src/hull.ts'] });
  await repo.git(['checkout', '-q', '-b', 'samocode/tide']);
  await repo.git(['commit', '-q', '--allow-empty', '-m', 'Work']);
  await repo.git(['checkout', '-q', 'main']);
  const remarks = async () => (await readPlan({ session: OWN }, scene.context)).remarks;
  expect(await remarks()).toHaveLength(1);
  await repo.git(['merge', '-q', '--no-ff', 'samocode/tide']);
  expect(await remarks()).toEqual([]);
});

test('ten sessions that overlap are one sentence, for the plan, its form, the phone and quick work', async () => {
  await using scene = await overlapScene();
  await scene.lay(OWN, { plan: PLAN });
  await scene.lay('26-01-08-jib', { way: 'quick', changed: ['src/hull.ts', 'docs/a.md'] });
  for (const name of 'abcdefghi')
    await scene.lay(`26-01-08-${name}`, {
      changed: name === 'c' ? ['src/hull.ts', 'docs/a.md'] : ['docs/a.md'],
    });
  const { context, sessionsDir } = scene;
  const plan = await readPlan({ session: OWN }, context);
  const [said = ''] = plan.remarks;
  expect(said).toBe(
    'Phase 1 names 2 files that c has changed, phase 1 names 2 files that jib has changed, phase 1 names 1 file that a has changed, and the plan names files that 7 more sessions have changed. Go on, or let the plan wait until they are merged.',
  );
  expect(planQuestion(plan).form.message).toContain(`\n${said}\n`);
  const view = await readSession(sessionPaths(sessionsDir, OWN), context.host);
  expect((view && (await waitingDetails(view)))?.plan?.summary).toContain(`\n${said}`);
  const report = await getStatus({ session: 'jib' }, context);
  expect(sessionFacts(report.view, report).problems).toEqual([
    'It has changed 2 files that c has changed, 1 file that a has changed, 1 file that b has changed, and files that 6 more sessions have changed.',
  ]);
});

test('the list and the status of quick work that overlaps start no program', async () => {
  await using scene = await overlapScene();
  const going: NewEvent = { type: 'resumed', by: BY, phase: 'implementation', resetsCounts: false };
  await scene.lay('26-01-08-jib', { way: 'quick', more: [going], changed: ['src/hull.ts'] });
  await scene.lay('26-01-08-tide', { changed: ['src/hull.ts'] });
  using counter = new EffectCounter('reading');
  const { remarks } = await getStatus({ session: 'jib' }, scene.context);
  await listSessions({}, scene.context);
  expect(counter.list('reading')).toEqual([]);
  expect(remarks).toEqual([
    'It has changed 1 file that tide has changed. Let it go on, or stop it until tide is merged.',
  ]);
});

test('records and logs that cannot be read keep no plan from being read, and count as no merge', async () => {
  await using scene = await overlapScene();
  await scene.lay(OWN, { plan: PLAN });
  for (const name of ['torn', 'lost']) await scene.lay(`26-01-08-${name}`, { changed: ['src/hull.ts'] });
  const of = (name: string) => sessionPaths(scene.sessionsDir, `26-01-08-${name}`);
  await appendFile(of('torn').changedPaths, '{');
  await writeFile(of('lost').events, '');
  expect((await readPlan({ session: OWN }, scene.context)).remarks).toEqual([
    'Phase 1 names 1 file that lost has changed. Go on, or let the plan wait until lost is merged.',
  ]);
});
