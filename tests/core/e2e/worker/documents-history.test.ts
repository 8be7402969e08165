import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { commitWork, NO_GATES, setPhase, startRig } from '../../../support/session-rig.ts';

test.concurrent(
  'if SESSIONS is a separate repository, no file of a finished session stays uncommitted there',
  ci,
  async () => {
    await using rig = await startRig({ at: 'resting', lines: NO_GATES });
    const { sessionsDir } = rig.paths;
    const git = (...args: string[]) => rig.repo.git(args, sessionsDir);
    await git('init', '--quiet');
    await git('config', 'user.name', 'Keeper');
    await git('config', 'user.email', 'keeper@localhost');
    await commitWork(rig, 'work.txt');
    await setPhase(rig, 'done');
    await rig.resume();
    await rig.until(({ status }) => status.kind === 'done');
    await eventually(async () => (await git('log', '-1', '--format=%s')) === 'The session is done', {
      what: 'the commit of a worker that leaves',
    });
    expect(await readdir(rig.paths.logs)).not.toEqual([]);
    expect(await git('status', '--porcelain')).toBe('');
    const { folder } = rig.file;
    expect(await git('show', `HEAD:${folder}/session.log`)).toBe(
      (await readFile(rig.paths.sessionLog, 'utf8')).trim(),
    );
    expect(await git('ls-files')).not.toMatch(/_logs|\.run/);
  },
);

test.concurrent('if SESSIONS is inside MAIN_REPO, its checkpoints contain each document as of each iteration', async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  const asked = await readFile(rig.paths.qa, 'utf8');
  await rig.answer();
  await rig.untilWaiting('plan_approval');
  const old = `refs/samocode/${refNameOf(rig.file)}/002:session/_qa.md`;
  expect(await rig.repo.git(['show', old])).toBe(asked.trim());
  expect(await readFile(rig.paths.qa, 'utf8')).not.toBe(asked);
});
