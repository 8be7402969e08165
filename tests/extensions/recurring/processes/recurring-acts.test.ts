import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Project } from '../../../../src/core/project/finding/open-project.ts';
import {
  createRecurring,
  type NewRecurring,
} from '../../../../src/extensions/recurring/create-recurring.act.ts';
import {
  pauseRecurring,
  readRecurring,
  removeRecurring,
  resumeRecurring,
  unreadableRecurring,
} from '../../../../src/extensions/recurring/recurring.act.ts';
import { workOfRun } from '../../../../src/extensions/recurring/runs/start-run.ts';
import { type RecurringScene, recurringScene } from '../recurring-scene.ts';

const START = '2026-11-23T12:00:00Z';

test('a recurring session is recorded with its zone, the absolute path of its plan, and a name that is free', async () => {
  await using scene = await recurringScene(START);
  const { repo } = scene.project;
  await writeFile(join(repo.path, 'plan.md'), '# Tasks: Tidy up\n\n- [ ] Remove what is unused\n');
  const work = { kind: 'plan', plan: 'plan.md' } as const;
  const { recurring, next } = await scene.add({ work, when: { schedule: 'mon-fri 02:00 America/New_York' } });
  expect(recurring).toMatchObject({
    name: 'tidy-up',
    project: join(repo.path, '.samocode'),
    when: { kind: 'times', zone: 'America/New_York' },
    work: { kind: 'plan', plan: join(repo.path, 'plan.md') },
    catchUpMs: 6 * 60 * 60_000,
    overlap: false,
    createdAt: '2026-11-23T12:00:00.000Z',
    by: { channel: 'cli' },
  });
  expect(next).toEqual(['2026-11-24T07:00:00.000Z']);
  expect((await scene.add({ work })).recurring.name).toBe('tidy-up-2');
  const [first] = await readRecurring({ next: 3 }, scene.context);
  expect(first?.next.map((time) => time.slice(0, 10))).toEqual(['2026-11-24', '2026-11-25', '2026-11-26']);
});

test('each run plans anew from the file of its plan', async () => {
  await using scene = await recurringScene(START);
  const work = { kind: 'plan', plan: '/boats/plan.md' } as const;
  const project = {} as Project;
  expect(await workOfRun({ work }, undefined, project, scene.context)).toEqual({ ...work, replan: true });
});

const REFUSED: ReadonlyArray<[string, string, Partial<NewRecurring>]> = [
  ['words that are not a schedule', 'bad_schedule', { when: { schedule: 'weekly' } }],
  ['a task without words', 'text_missing', { work: { kind: 'task', task: ' ' } }],
  ['a plan that does not exist', 'plan_unusable', { work: { kind: 'plan', plan: 'none.md' } }],
  [
    'a plan that is approved in advance',
    'recurring_approves_plan',
    { work: { kind: 'plan', plan: 'plan.md' }, choices: { autoApprove: true } },
  ],
  ['a provider that does not exist', 'setting_invalid', { choices: { settings: { provider: 'clod' } } }],
  ['a name with a slash', 'bad_session_name', { name: 'a/b' }],
  ['a folder without a project', 'project_not_found', { project: '/' }],
];

test.each(REFUSED)('%s is refused with %s, and nothing is recorded', async (_, code, input) => {
  await using scene = await recurringScene(START);
  await expect(scene.add(input)).rejects.toMatchObject({ code });
  expect(await readRecurring({}, scene.context)).toEqual([]);
});

test('a name that is given must be free', async () => {
  await using scene = await recurringScene(START);
  await scene.add({ name: 'Nightly run' });
  await expect(scene.add({ name: 'nightly-run' })).rejects.toMatchObject({ code: 'recurring_name_taken' });
});

type Act = (scene: RecurringScene, acting: RecurringScene['context']) => Promise<unknown>;

const ACTS: ReadonlyArray<[string, Act]> = [
  [
    'created',
    async (_, acting) =>
      await createRecurring(
        { when: { on: 'ci-failed' }, work: { kind: 'task', task: 'Repair the checks' } },
        acting,
      ),
  ],
  ['paused', async (_, acting) => await pauseRecurring({ which: 'nightly' }, acting)],
  ['resumed', async (_, acting) => await resumeRecurring({ which: 'nightly' }, acting)],
  ['removed', async (_, acting) => await removeRecurring({ which: 'nightly' }, acting)],
];

test.each(ACTS)('a program cannot have one %s, and an agent of a session cannot either', async (_, act) => {
  await using scene = await recurringScene(START);
  await scene.add({ name: 'nightly' });
  const before = await readRecurring({}, scene.context);
  const tool = { ...scene.context, by: { channel: 'tool' } } as const;
  await expect(act(scene, tool)).rejects.toMatchObject({ code: 'recurring_needs_person' });
  const inside = {
    ...scene.context,
    env: { ...scene.context.env, SAMOCODE_SESSION: '01KEE000000000000000000000' },
  };
  await expect(act(scene, inside)).rejects.toMatchObject({ code: 'inside_session' });
  expect(await readRecurring({}, scene.context)).toEqual(before);
});

test('one is found by its name, its id, or the beginning of either, if that names one alone', async () => {
  await using scene = await recurringScene(START);
  const { recurring } = await scene.add({ name: 'nightly' });
  await scene.add({ name: 'nightly-docs' });
  const paused = async (which: string) => (await pauseRecurring({ which }, scene.context)).recurring.name;
  expect(await paused('Nightly')).toBe('nightly');
  expect(await paused('nightly-d')).toBe('nightly-docs');
  expect(await paused(recurring.id.toLowerCase())).toBe('nightly');
  await expect(paused('night')).rejects.toMatchObject({ code: 'recurring_ambiguous' });
  await expect(paused('')).rejects.toMatchObject({ code: 'recurring_unknown' });
  await expect(paused('weekly')).rejects.toMatchObject({
    code: 'recurring_unknown',
    why: 'This machine has nightly, nightly-docs.',
  });
});

test('a removed one starts nothing, and one that is damaged is reported while the others run', async () => {
  await using scene = await recurringScene(START);
  const { recurring } = await scene.add({ name: 'first' });
  await scene.add({ name: 'second' });
  const third = await scene.add({ name: 'third' });
  await removeRecurring({ which: 'first' }, scene.context);
  await expect(readFile(scene.statePath(recurring.id), 'utf8')).rejects.toMatchObject({ code: 'ENOENT' });
  const damaged = scene.definitionPath(third.recurring.id);
  await writeFile(damaged, '{"v":2}');
  await scene.until('2026-11-24T02:00:00Z', 60 * 60_000);
  expect(scene.started).toHaveLength(1);
  expect(scene.failures[0]).toMatchObject({ code: 'recurring_broken', args: { path: damaged } });
  expect(await readRecurring({}, scene.context)).toHaveLength(1);
  expect(await unreadableRecurring(scene.context)).toMatchObject([{ args: { path: damaged } }]);
});
