import { expect, test } from 'vitest';
import { ci } from '../../../support/ci.ts';
import { shell } from '../../../support/scenario-rules.ts';
import { startRig } from '../../../support/session-rig.ts';

const IN_RUN_FOLDERS = 'cd ../../.. && find . -type d -path "*/.run/*" -exec touch "{}/.DS_Store" \\;';
const looking = {
  rules: [
    {
      when: { iteration: 1 },
      do: [shell(IN_RUN_FOLDERS), { act: 'normal' }],
    },
  ],
};

test.concurrent(
  'files that file managers, editors and NFS leave next to files of the run folder do not count as changes',
  ci,
  async () => {
    await using rig = await startRig({ here: true, scenario: looking });
    await rig.until(({ status }) => status.kind === 'waiting' || status.kind === 'blocked');
    const { status } = await rig.state();
    expect(status).toMatchObject({ kind: 'waiting' });
  },
);

test.concurrent('a program that a person configures while the session waits is shown before an agent is paid, not after', async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  const before = await rig.state();
  await rig.repo.git(['config', '--global', 'core.editor', 'nano']);
  await rig.answer();
  const { status, progress } = await rig.until(({ status }) => status.kind === 'blocked');
  expect(status).toMatchObject({ rule: 'git_programs_changed', reason: expect.stringContaining('nano') });
  expect(progress.totalIterations).toBe(before.progress.totalIterations);
  await rig.resume();
  await rig.untilWaiting('plan_approval');
});
