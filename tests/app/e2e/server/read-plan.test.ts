import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ci } from '../../../support/ci.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { askTool } from '../../unit/server/ask-tool.ts';

async function readPlan(rig: SessionRig): Promise<Record<string, unknown>> {
  return (await askTool('read_plan', { session: rig.file.folder }, rig.context('tool'))).json;
}

test('a plan is shown with its diff from the version that a person has seen', ci, async () => {
  await using rig = await startRig({ at: 'asking' });
  await rig.answer();
  const first = await rig.untilWaiting('plan_approval');
  const shown = await readPlan(rig);
  expect(shown.changes).toBeUndefined();
  const path = join(rig.paths.sessionDir, String(shown.plan));
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(/^## Notes$/m, '## Further\n\nPaint them blue.\n\n## Notes'));
  const edited = await readPlan(rig);
  expect(edited.changes).toContain('+ Paint them blue.');
  expect(edited.hash).not.toBe(shown.hash);

  await rig.requestChanges('Mind the harbour');
  const { totalIterations } = first.progress;
  await rig.until(({ progress }) => progress.totalIterations > totalIterations);
  await rig.untilWaiting('plan_approval');
  const again = await readPlan(rig);
  expect(again.plan).not.toBe(shown.plan);
  expect(again.hash).not.toBe(edited.hash);
  expect(again.text).toContain('Mind the harbour');
  expect(String(again.text).length + String(again.changes).length).toBeLessThanOrEqual(7000);
});
