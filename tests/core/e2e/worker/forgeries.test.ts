import { expect, test } from 'vitest';
import { resumeSession } from '../../../../src/core/acts/sessions/resume-session.act.ts';
import { ci } from '../../../support/ci.ts';
import { shell } from '../../../support/scenario-rules.ts';
import { startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';

const PLANTED = [
  'git config filter.planted.clean planted && cd "$HOME/.local/state/samocode"',
  'for file in $(find . -name git-settings.json); do',
  `echo '{"repository":[["filter.planted.clean","planted"]]}' > "$file"; done`,
].join('\n');
const scenario = {
  rules: [{ when: { iteration: 1 }, do: [shell(PLANTED), { act: 'normal' }] }],
};

test.concurrent(
  'an acceptance that an agent writes down does not count, even for a later worker that a model has started',
  ci,
  async () => {
    await using rig = await startRig({ here: true, scenario });
    const { status } = await rig.until(({ status }) => status.kind === 'blocked');
    expect(status).toMatchObject({ rule: 'run_folder_changed' });
    await endOfWorker(rig);
    await resumeSession({ session: rig.file.folder }, rig.context('tool'));
    const later = await rig.until(({ status: { kind } }) => kind === 'blocked' || kind === 'waiting');
    expect(later.status).toMatchObject({
      rule: 'git_programs_changed',
      reason: expect.stringContaining('filter.planted.clean: nothing -> planted'),
    });
    await rig.resume();
    await rig.untilWaiting('qa_answers');
  },
);

const IN_RUN_FOLDERS =
  'cd "$HOME/.local/state/samocode" && find . -type d -path "./*/*" -exec touch "{}/.DS_Store" \\;';
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
  await rig.repo.git(['config', '--global', 'credential.helper', 'store']);
  await rig.answer();
  const { status, progress } = await rig.until(({ status }) => status.kind === 'blocked');
  expect(status).toMatchObject({ rule: 'git_programs_changed', reason: expect.stringContaining('store') });
  expect(progress.totalIterations).toBe(before.progress.totalIterations);
  await rig.resume();
  await rig.untilWaiting('plan_approval');
});
