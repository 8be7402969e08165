import { expect, test } from 'vitest';
import { previewFinish } from '../../../../src/core/acts/finish/preview-finish.act.ts';
import { approvePlan } from '../../../../src/core/acts/gates/approve-plan.act.ts';
import { confirmPreview } from '../../../../src/core/kit/terminal/ask-preview.ts';
import type { Cli } from '../../../../src/core/kit/terminal/cli.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { ci } from '../../../support/ci.ts';
import { startRig } from '../../../support/session-rig.ts';

// A confirmation is of what was shown: a look that failed, or that ended in a refusal, agrees to nothing.

test('a plan that could not be shown is not approved at the terminal', ci, async () => {
  await using rig = await startRig({ at: 'planned' });
  await rig.requestChanges('Name the boats, too');
  await rig.untilWaiting('plan_approval');
  // As a disk that does not answer would, it keeps git from showing what has changed.
  const place = { cwd: rig.repo.path, home: rig.repo.homeDir, env: { PATH: rig.repo.root } };
  const { exitCode, stderr } = await typed(['approve', rig.file.folder], { ...place, says: ['y'] });
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('git')]);
  expect((await rig.state()).status).toMatchObject({ kind: 'waiting', for: 'plan_approval' });
  await expect(
    approvePlan({ session: rig.file.folder, hash: undefined }, rig.context()),
  ).rejects.toMatchObject({
    code: 'plan_hash_missing',
  });
});

test(
  'an act whose preview was refused is not carried out, even once nothing is in the way any more',
  ci,
  async () => {
    await using rig = await startRig({ at: 'asking' });
    const preview = await previewFinish({ session: rig.file.folder, how: 'merge', keep: [] }, rig.context());
    expect(preview.refusal).toBeDefined();
    // It asks nothing, so no terminal is needed.
    const asking = confirmPreview({} as Cli, { preview, title: 'Merge', command: 'samocode finish' });
    await expect(asking).rejects.toBe(preview.refusal);
  },
);
