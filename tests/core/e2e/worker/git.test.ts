import { expect, test } from 'vitest';
import { resumeSession } from '../../../../src/core/acts/sessions/resume-session.act.ts';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { viewFacts } from '../../../../src/core/session/words/facts.ts';
import { ci } from '../../../support/ci.ts';
import { shell } from '../../../support/scenario-rules.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';

const AS_HUSKY_DOES =
  'mkdir -p .husky && echo true > .husky/pre-commit && git config core.hooksPath .husky/_';
const AS_LFS_DOES = 'git config filter.mine.clean "cat -u" && echo "*.bin filter=mine" > .gitattributes';
const after = (script: string) => ({
  rules: [{ when: { iteration: 1 }, do: [shell(script), { act: 'normal' }] }],
});
const BLOCKED = { kind: 'blocked', rule: 'git_programs_changed', needs: 'error_resolution' };

const untilBlocked = (rig: SessionRig) => rig.until(({ status }) => status.kind === 'blocked');

test.concurrent(
  'a setting by which our git starts a program is shown, and one resume by a person accepts it permanently',
  ci,
  async () => {
    await using rig = await startRig({ here: true, scenario: after(AS_LFS_DOES) });
    const { status, progress, lastIteration } = await untilBlocked(rig);
    expect(status).toMatchObject(BLOCKED);
    expect(status).toMatchObject({ reason: expect.stringContaining('filter.mine.clean: nothing -> cat -u') });
    // Its signal does not count; its work is kept.
    expect(progress.phase).toBe('investigation');
    expect(lastIteration?.ending).not.toBe('signalled');
    const kept = ['ls-tree', '-r', '--name-only', `refs/samocode/${refNameOf(rig.file)}/001`];
    expect(await rig.repo.git(kept)).toContain('.gitattributes');
    const byModel = resumeSession({ session: rig.file.folder }, rig.context('tool'));
    await expect(byModel).rejects.toMatchObject({ code: 'needs_person' });
    await rig.resume();
    await rig.untilWaiting('qa_answers');
    await rig.answer();
    await rig.untilWaiting('plan_approval');
    expect((await rig.events()).filter(({ type }) => type === 'blocked')).toHaveLength(1);
  },
);

test.concurrent('hooks that an agent installs without a guard stop no session: git starts none of them for us', async () => {
  await using rig = await startRig({ here: true, scenario: after(AS_HUSKY_DOES) });
  await rig.untilWaiting('qa_answers');
  expect((await rig.events()).filter(({ type }) => type === 'blocked')).toEqual([]);
});

test.concurrent('git settings created by SETUP exist from the start', async () => {
  await using rig = await startRig({
    here: true,
    lines: { SETUP: 'git config core.hooksPath .husky/_' },
  });
  await rig.untilWaiting('qa_answers');
  expect(await rig.repo.git(['config', 'core.hooksPath'])).toBe('.husky/_');
});

test(
  'a session with an identity in the environment of its start keeps it under a worker that has none',
  ci,
  async () => {
    const who = { GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.invalid' };
    const firstEnv = { ...who, GIT_COMMITTER_NAME: 'Ada', GIT_COMMITTER_EMAIL: 'ada@example.invalid' };
    const commits = [
      { act: 'edit', path: 'boat.txt', text: 'x\n' },
      { act: 'commit', subject: 'Add a boat' },
      { act: 'signal-file', text: '{"status":"continue","phase":"requirements"}' },
      { act: 'result' },
    ];
    await using rig = await startRig({
      repo: { anonymous: true },
      firstEnv,
      start: { run: false },
      scenario: { rules: [{ when: { iteration: 1 }, do: commits }] },
    });
    expect(rig.file.settings.gitIdentity).toEqual(firstEnv);
    const commitsAs = 'Ada <ada@example.invalid> (from the environment at the start)';
    expect(viewFacts(await rig.view()).commitsAs).toBe(commitsAs);
    await rig.resume();
    await rig.untilWaiting('qa_answers');
    const { branch } = rig.file.settings;
    expect(await rig.repo.git(['log', '-1', '--format=%s %an <%ae>', branch])).toBe(
      'Add a boat Ada <ada@example.invalid>',
    );
  },
);
