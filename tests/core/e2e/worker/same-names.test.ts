import { expect, test } from 'vitest';
import { previewFinish } from '../../../../src/core/acts/finish/finish-session.act.ts';
import { finishSession, rewindSession } from '../../../support/as-shown.ts';
import { ci } from '../../../support/ci.ts';
import { PATIENT_CLOCK } from '../../../support/live-session.ts';
import { DONE, shell } from '../../../support/scenario-rules.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';

const WORKS = [shell('echo x >work; git add work; git commit -qm Work'), DONE];

/** Tags, and branches of a remote, with the names of the session's branch and of its base, at another commit. */
async function addNamesakes({ repo, file }: SessionRig): Promise<void> {
  const other = await repo.git(['commit-tree', '-m', 'Other', '-p', 'main', 'main^{tree}']);
  for (const name of ['main', file.settings.branch]) {
    await repo.git(['tag', name, other]);
    await repo.git(['update-ref', `refs/remotes/origin/${name}`, other]);
  }
}

test.concurrent(
  'a session is proved, rewound and merged while tags have the names of its branch and of its base',
  ci,
  async () => {
    await using rig = await startRig({
      here: true,
      phase: 'done',
      lines: { CHECK: 'test -e work' },
      before: addNamesakes,
      scenario: { rules: [{ when: { phase: 'done' }, do: WORKS }] },
    });
    await rig.until(({ status }) => status.kind === 'done');
    await endOfWorker(rig);
    const { branch } = rig.file.settings;
    expect(await rig.repo.git(['tag'])).toBe(`main\n${branch}`);
    const context = { ...rig.context(), clock: PATIENT_CLOCK };
    const session = rig.file.folder;
    await rewindSession({ session, to: 0 }, context);
    await rewindSession({ session, to: 'undo' }, context);
    await endOfWorker(rig);
    const { would } = await previewFinish({ session, how: 'merge', keep: [] }, context);
    expect(would.join(' ')).toContain('1 commit');
    const { done } = await finishSession({ session, how: 'merge', keep: [] }, context);
    expect(done).toContain('merged');
    const stays = await previewFinish({ session, how: 'keep_branch', keep: [] }, context);
    expect(stays.would.join(' ')).toContain(`Branch ${branch} will stay: all its commits are in main`);
    const [merged, tip] = await Promise.all([
      rig.repo.git(['rev-parse', 'refs/heads/main']),
      rig.repo.git(['log', '-1', '--format=%s', 'refs/heads/main']),
    ]);
    expect(tip).toBe('Work');
    expect(merged).not.toBe(await rig.repo.git(['rev-parse', 'refs/tags/main']));
  },
);

test.concurrent("a merge moves the branch of the session's base, not a local one that is called like the remote's", async () => {
  let theirs = '';
  await using rig = await startRig({
    here: true,
    phase: 'done',
    repo: {
      async rearrange(repo) {
        await repo.git(['clone', '-q', '--bare', repo.path, `${repo.root}/remote.git`]);
        await repo.git(['remote', 'add', 'origin', `${repo.root}/remote.git`]);
        theirs = await repo.git(['commit-tree', '-m', 'Theirs', '-p', 'main', 'main^{tree}']);
        await repo.git(['branch', 'origin/main', theirs]);
      },
    },
    scenario: { rules: [{ when: { phase: 'done' }, do: WORKS }] },
  });
  await rig.until(({ status }) => status.kind === 'done');
  await endOfWorker(rig);
  const { worktree } = await rig.state();
  expect(worktree).toMatchObject({ base: 'origin/main', baseRef: 'refs/remotes/origin/main' });
  const context = { ...rig.context(), clock: PATIENT_CLOCK };
  const finish = { session: rig.file.folder, how: 'merge', keep: [] } as const;
  expect((await previewFinish(finish, context)).would.join(' ')).toMatch(/1 commit of branch .* into main/);
  expect((await finishSession(finish, context)).done).toContain('merged into main');
  expect(await rig.repo.git(['log', '-1', '--format=%s', 'refs/heads/main'])).toBe('Work');
  expect(await rig.repo.git(['rev-parse', 'refs/heads/origin/main'])).toBe(theirs);
});
