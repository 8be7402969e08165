import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { startRig } from '../../../support/session-rig.ts';

test.concurrent('if SESSIONS is inside MAIN_REPO, its checkpoints contain each document as of each iteration', async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  const asked = await readFile(rig.paths.qa, 'utf8');
  await rig.answer();
  await rig.untilWaiting('plan_approval');
  const old = `refs/samocode/${refNameOf(rig.file)}/002:session/_qa.md`;
  expect(await rig.repo.git(['show', old])).toBe(asked.trim());
  expect(await readFile(rig.paths.qa, 'utf8')).not.toBe(asked);
});
