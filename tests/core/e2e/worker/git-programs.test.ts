import { expect, test } from 'vitest';
import { resumeSession } from '../../../../src/core/acts/sessions/resume-session.act.ts';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { ci } from '../../../support/ci.ts';
import { shell } from '../../../support/scenario-rules.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';

const AS_HUSKY_DOES =
  'mkdir -p .husky && echo true > .husky/pre-commit && git config core.hooksPath .husky/_';
const scenario = {
  rules: [{ when: { iteration: 1 }, do: [shell(AS_HUSKY_DOES), { act: 'normal' }] }],
};
const BLOCKED = { kind: 'blocked', rule: 'git_programs_changed', needs: 'error_resolution' };

const untilBlocked = (rig: SessionRig) => rig.until(({ status }) => status.kind === 'blocked');

test.concurrent(
  'a git setting that starts programs is shown, and one resume by a person accepts it permanently',
  ci,
  async () => {
    await using rig = await startRig({ here: true, scenario });
    const { status, progress, lastIteration } = await untilBlocked(rig);
    expect(status).toMatchObject(BLOCKED);
    expect(status).toMatchObject({ reason: expect.stringContaining('core.hookspath: nothing -> .husky/_') });
    // Its signal does not count; its work is kept.
    expect(progress.phase).toBe('investigation');
    expect(lastIteration?.ending).not.toBe('signalled');
    const kept = ['ls-tree', '-r', '--name-only', `refs/samocode/${refNameOf(rig.file)}/001`];
    expect(await rig.repo.git(kept)).toContain('.husky/pre-commit');
    const byModel = resumeSession({ session: rig.file.folder }, rig.context('tool'));
    await expect(byModel).rejects.toMatchObject({ code: 'needs_person' });
    await rig.resume();
    await rig.untilWaiting('qa_answers');
    await rig.answer();
    await rig.untilWaiting('plan_approval');
    expect((await rig.events()).filter(({ type }) => type === 'blocked')).toHaveLength(1);
  },
);

test.concurrent('git settings created by SETUP exist from the start', async () => {
  await using rig = await startRig({
    here: true,
    lines: { SETUP: 'git config core.hooksPath .husky/_' },
  });
  await rig.untilWaiting('qa_answers');
  expect(await rig.repo.git(['config', 'core.hooksPath'])).toBe('.husky/_');
});
