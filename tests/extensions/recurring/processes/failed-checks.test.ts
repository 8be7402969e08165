import { expect, onTestFinished, test, vi } from 'vitest';
import { baseChecks } from '../../../../src/core/caller/context/base-checks-failed.ts';
import { resumeRecurring } from '../../../../src/extensions/recurring/recurring.act.ts';
import { recurringScene } from '../recurring-scene.ts';

const MINUTES_MS = 10 * 60_000;

test('a commit that had failed before the creation or a resume starts no run, and the next one does', async () => {
  const forge = { commit: 'a' };
  const read = async () => ({ ...forge, text: 'Logs', url: 'https://forge.example' });
  const items = vi.spyOn(baseChecks, 'items', 'get').mockReturnValue([read]);
  onTestFinished(() => items.mockRestore());
  await using scene = await recurringScene('2026-11-01T12:00:00Z');
  const { recurring } = await scene.add({ when: { on: 'ci-failed' } });
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
