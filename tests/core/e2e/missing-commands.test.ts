import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { doctor } from '../../../src/extensions/setup/doctor/doctor.ts';
import { ci } from '../../support/ci.ts';
import { makeProject } from '../../support/project.ts';
import { startRig } from '../../support/session-rig.ts';
import { startSession } from '../../support/start-session.ts';

const blocked = ({ status }: { status: { kind: string } }) => status.kind === 'blocked';

test(
  'a CHECK whose command the shell cannot find blocks at once, and no agent is started to fix it',
  ci,
  async () => {
    await using rig = await startRig({
      here: true,
      phase: 'done',
      lines: { CHECK: 'true && mytool --fast', CHECK_IN: 'worktree' },
    });
    const { status, progress } = await rig.until(
      ({ status, progress: { phase, totalIterations } }) =>
        status.kind === 'blocked' || (phase === 'implementation' && totalIterations > 0),
    );
    expect(status).toMatchObject({
      kind: 'blocked',
      rule: 'checks',
      reason: expect.stringContaining(
        'The shell cannot find "mytool", used by the check `true && mytool --fast`.',
      ),
    });
    expect(progress.totalIterations).toBe(1);
  },
);

test('a check that is a missing file of the repository is returned to an agent, which may have deleted it', async () => {
  const lines = { CHECK: './check.sh', CHECK_IN: 'worktree' };
  await using rig = await startRig({ here: true, phase: 'done', lines });
  const { status } = await rig.until(({ progress }) => progress.phase === 'implementation');
  expect(status.kind).toBe('running');
});

test('a CHECK whose program SETUP has not installed blocks before the first agent', async () => {
  await using rig = await startRig({ here: true, lines: { SETUP: 'true', CHECK: 'mytool' } });
  const { status, progress } = await rig.until(
    (state) => blocked(state) || state.progress.totalIterations > 0,
  );
  expect(status).toMatchObject({ kind: 'blocked', rule: 'checks' });
  expect(progress.totalIterations).toBe(0);
});

test('a SETUP whose command the shell cannot find blocks before the first agent, and runs again after a resume', async () => {
  await using rig = await startRig({ here: true, lines: { SETUP: 'test -e "$HOME/installed" || mytool' } });
  const { status } = await rig.until((state) => blocked(state) || state.progress.totalIterations > 0);
  expect(status).toMatchObject({
    kind: 'blocked',
    rule: 'setup_not_found',
    reason: expect.stringContaining('The shell cannot find "mytool", used by SETUP `test'),
  });
  await writeFile(join(rig.repo.homeDir, 'installed'), '');
  await rig.resume();
  await rig.until(({ progress }) => progress.totalIterations > 0);
});

test.each([
  [{ CHECK: 'CI=1 mytool' }, 'The shell cannot find "mytool", used by the check `CI=1 mytool`.'],
  [
    { SETUP: 'mytool install', CHECK: 'true' },
    'The shell cannot find "mytool", used by SETUP `mytool install`.',
  ],
  [{ CHECK: '(cd web' }, 'The shell cannot parse the check `(cd web`.'],
])('a start with %o is refused with the message of setup_project', async (lines, why) => {
  const { repo, context } = await makeProject({ lines });
  await using _repo = repo;
  const { checks } = await doctor({}, context);
  expect(checks.filter(({ level }) => level === 'fail').map(({ found }) => found)).toContain(why);
  await expect(startSession({ task: 'Name the boats' }, context)).rejects.toMatchObject({
    code: 'command_not_found',
    why,
  });
});
