import { writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { findProjectFor } from '../../../../src/core/caller/context/find-project-for.ts';
import { extensions, type Forge } from '../../../../src/core/kernel/extension.ts';
import type { Project } from '../../../../src/core/project/finding/open-project.ts';
import type { NewRecurring } from '../../../../src/extensions/recurring/create-recurring.act.ts';
import { resumeRecurring } from '../../../../src/extensions/recurring/recurring.act.ts';
import type { Recurring } from '../../../../src/extensions/recurring/recurring.ts';
import { lackedSafeguards, requireSafeguards } from '../../../../src/extensions/recurring/runs/safeguards.ts';
import { type RecurringScene, recurringScene } from '../recurring-scene.ts';

const MINUTES_MS = 10 * 60_000;
const SAFE = { choices: { sandbox: 'guard' }, limits: { costRunUsd: 10 } };

/** A build whose forge reports these checks. */
function forgeThat(failedBaseChecks: Forge['failedBaseChecks']) {
  return vi.spyOn(extensions, 'items', 'get').mockReturnValue([{ forge: { failedBaseChecks } as Forge }]);
}

test('a commit that had failed before the creation or a resume starts no run, and the next one does', async () => {
  const forge = { commit: 'a' };
  const read = async () => ({ ...forge, text: 'Logs', url: 'https://forge.example' });
  const items = forgeThat(read);
  onTestFinished(() => items.mockRestore());
  await using scene = await recurringScene('2026-11-01T12:00:00Z');
  const { recurring } = await scene.add({ when: { on: 'ci-failed' }, ...SAFE });
  await scene.until('2026-11-01T13:00:00Z', MINUTES_MS);
  expect(scene.started).toEqual([]);
  forge.commit = 'b';
  await resumeRecurring({ which: recurring.name }, scene.context);
  await scene.until('2026-11-01T14:00:00Z', MINUTES_MS);
  expect(scene.started).toEqual([]);
  forge.commit = 'c';
  await scene.until('2026-11-01T15:00:00Z', MINUTES_MS);
  expect(scene.started.map(({ run }) => run)).toEqual(['c']);
});

const LACKING: ReadonlyArray<[string, Partial<NewRecurring>, RegExp]> = [
  ['the guard', { ...SAFE, choices: {} }, /Text written by others .* SANDBOX is off/],
  ['a limit of cost', { ...SAFE, limits: {} }, /No person starts these sessions, /],
  [
    'the gate of the plan',
    { ...SAFE, choices: { ...SAFE.choices, autoApprove: true } },
    / plan would be left out/,
  ],
  [
    'the gate of questions',
    { ...SAFE, choices: { ...SAFE.choices, acceptSuggestions: true } },
    / qa would be left out/,
  ],
  ['all of them', { choices: { autoApprove: true } }, /Text .* No person .* plan would be left out/],
];

const ON_FAILURE = { when: { kind: 'ci-failed' }, work: { kind: 'task', task: 'Repair them' } } as const;

test.each(LACKING)('one that lacks %s is refused', async (_, given, why) => {
  await using scene = await recurringScene('2026-11-01T12:00:00Z');
  const { values } = await findProjectFor({}, scene.context);
  const create = () => requireSafeguards({ ...given, ...ON_FAILURE }, { values }, 'No.');
  expect(create).toThrow(
    expect.objectContaining({ code: 'recurring_unguarded', why: expect.stringMatching(why) }),
  );
});

async function ofEarlierVersion(scene: RecurringScene, lacking: Partial<NewRecurring>): Promise<Recurring> {
  const { recurring } = await scene.add({ when: { on: 'ci-failed' }, ...SAFE });
  const older = { ...recurring, choices: {}, limits: {}, ...lacking };
  await writeFile(scene.definitionPath(recurring.id), JSON.stringify(older));
  return recurring;
}

test('a recurring session of an earlier version that lacks its safeguards is paused with the reason', async () => {
  const items = forgeThat(async () => ({
    ...{ commit: `${scene.clock.nowMs}`, text: 'Logs', url: 'https://forge.example' },
  }));
  onTestFinished(() => items.mockRestore());
  await using scene = await recurringScene('2026-11-01T12:00:00Z');
  const recurring = await ofEarlierVersion(scene, {});
  await scene.until('2026-11-01T13:00:00Z', MINUTES_MS);
  expect(scene.started).toEqual([]);
  expect((await scene.report()).paused).toMatchObject({
    by: 'supervisor',
    why: expect.stringMatching(/^Text .* No person /),
  });
  expect(scene.told.size).toBe(1);
  await expect(resumeRecurring({ which: recurring.name }, scene.context)).rejects.toMatchObject({
    code: 'recurring_unguarded',
    what: 'Nothing was changed.',
  });
});

test('one that lacked only a limit continues once its person resumes it with one', async () => {
  let commit = 'a';
  const read = async () => ({ commit, text: 'Logs', url: 'https://forge.example' });
  const items = forgeThat(read);
  onTestFinished(() => items.mockRestore());
  await using scene = await recurringScene('2026-11-01T12:00:00Z');
  const recurring = await ofEarlierVersion(scene, { ...SAFE, limits: {} });
  await scene.until('2026-11-01T12:30:00Z', MINUTES_MS);
  await resumeRecurring({ which: recurring.name, limits: { costRunUsd: 5 } }, scene.context);
  commit = 'b';
  await scene.until('2026-11-01T13:00:00Z', MINUTES_MS);
  expect(scene.started).toMatchObject([{ run: 'b', maxCostUsd: 5 }]);
});

test('issues with a label need the guard alone', () => {
  const label = { work: { kind: 'label', label: 'x' }, when: { kind: 'times' } } as const;
  const values = { sandbox: 'auto', gates: [], maxCostUsd: undefined } as unknown as Project['values'];
  expect(lackedSafeguards(label, { values }).map(({ key }) => key)).toEqual(['SANDBOX']);
  expect(lackedSafeguards({ ...label, choices: { sandbox: 'strict' } }, { values })).toEqual([]);
  expect(lackedSafeguards({ ...label, work: { kind: 'task', task: 'x' } }, { values })).toEqual([]);
});
