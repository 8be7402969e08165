import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { previewFinish } from '../../../src/core/acts/finish/finish-session.act.ts';
import { startRig } from '../../support/session-rig.ts';

test('agents of a user who signs commit without a signature, and proof and finish say so with the command that signs', async () => {
  await using rig = await startRig({ sandbox: 'guard', lines: { CHECK: 'true' } });
  await rig.untilWaiting('qa_answers');
  await rig.repo.git(['config', '--global', 'commit.gpgSign', 'true']);
  await rig.answer();
  await rig.untilWaiting('plan_approval');
  await rig.approve();
  const { worktree } = await rig.until(({ status }) => status.kind === 'done');
  const base = worktree?.baseCommit ?? '';
  const commits = await rig.repo.git(['rev-list', '--count', `${base}..${worktree?.branch}`]);
  const words = `${commits} commits are unsigned. In the worktree, \`git rebase --force-rebase --gpg-sign ${base.slice(0, 12)}\` signs them.`;
  expect(Number(commits)).toBeGreaterThan(1);
  expect(await readFile(join(rig.paths.proof, 'proof.md'), 'utf8')).toContain(words);
  for (const how of ['merge', 'pull_request'] as const) {
    const { would } = await previewFinish({ session: rig.file.folder, how, keep: [] }, rig.context());
    expect(would).toContain(words);
  }
});
