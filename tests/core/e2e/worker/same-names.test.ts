import { expect, test } from 'vitest';
import { previewFinish } from '../../../../src/core/acts/finish/preview-finish.act.ts';
import { finishSession, rewindSession } from '../../../support/as-shown.ts';
import { ci } from '../../../support/ci.ts';
import { PATIENT_CLOCK } from '../../../support/live-session.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';

const WORKS = [
  { act: 'run', command: ['sh', '-c', 'echo x >work; git add work; git commit -qm Work'] },
  { act: 'end', did: 'Closed it', signal: { status: 'done', summary: 'Done.' } },
];

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
