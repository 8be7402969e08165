import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finishSession } from '../../../support/as-shown.ts';
import { ci } from '../../../support/ci.ts';
import { eventsOfType, noticesOf } from '../../../support/events-of.ts';
import { PATIENT_CLOCK } from '../../../support/live-session.ts';
import { DONE, shell } from '../../../support/scenario-rules.ts';
import { startRig } from '../../../support/session-rig.ts';

/** A file with CRLF in the commit, and a rule that asks for LF: git calls it modified once it looks into it. */
const CRLF = { files: { 'a.txt': 'one\r\ntwo\r\n' } };
const RULE = `echo '*.txt text eol=lf' >"$(git rev-parse --git-common-dir)/info/attributes"; touch -d 2001-01-01 a.txt`;
const WORKS = shell('echo x >work; git add work; git commit -qm Work');

test.concurrent(
  'a session whose worktree is modified from the start, and whose SETUP makes files, is done by honest work and can be archived',
  ci,
  async () => {
    await using rig = await startRig({
      here: true,
      phase: 'done',
      lines: {
        SETUP: `${RULE}; mkdir -p .venv/bin; echo x >.venv/bin/python`,
        CHECK: 'test -e work',
      },
      repo: CRLF,
      scenario: { rules: [{ when: { phase: 'done' }, do: [WORKS, DONE] }] },
    });
    await rig.until(({ status }) => status.kind === 'done');
    expect((await noticesOf(rig, 'prepare')).map(({ text }) => text)).toEqual([
      'A fresh checkout modifies 1 tracked file (a.txt): their line endings. It does not count as work unless an agent changes it.',
      'SETUP made .venv/, which git does not ignore. It does not count as work unless an agent changes it.',
    ]);
    const worktree = (await rig.state()).worktree?.path ?? '';
    const context = { ...rig.context(), clock: PATIENT_CLOCK };
    await finishSession({ session: rig.file.folder, how: 'keep_branch', keep: [] }, context);
    expect(existsSync(worktree)).toBe(false);
  },
);

test.concurrent('an edit of a file that every checkout modifies is refused while it is not committed', async () => {
  const edits = shell('echo three >>a.txt');
  const commits = shell('git commit -qam Edit');
  await using rig = await startRig({
    here: true,
    phase: 'done',
    lines: { SETUP: RULE },
    repo: CRLF,
    scenario: {
      rules: [
        { when: { phase: 'done', count: 1 }, do: [WORKS, edits, DONE] },
        { when: { phase: 'done', count: 2 }, do: [commits, DONE] },
      ],
    },
  });
  await rig.until(({ status }) => status.kind === 'done');
  const ended = await eventsOfType(rig, 'iteration_ended');
  expect(JSON.stringify(ended[0])).toContain('Not committed: a.txt');
  expect(ended).toHaveLength(2);
});

test.concurrent('what CHECK_FAST writes into the worktree does not count as work, and what an agent writes there does', async () => {
  const goes = (phase: string) => ({ act: 'end', did: 'Fine', signal: { status: 'continue', phase } });
  const edits = shell('echo three >>a.txt');
  const reverts = shell('git checkout a.txt');
  await using rig = await startRig({
    here: true,
    phase: 'implementation',
    lines: { CHECK_FAST: 'date +%s%N >report.xml; echo checked >>a.txt' },
    repo: { files: { 'a.txt': 'one\n' } },
    scenario: {
      rules: [
        { when: { phase: 'implementation' }, do: [WORKS, goes('testing')] },
        { when: { phase: 'testing', count: 1 }, do: [edits, goes('quality')] },
        { when: { phase: 'testing' }, do: [reverts, goes('quality')] },
        { when: { phase: 'quality' }, do: [goes('done')] },
        { when: { phase: 'done' }, do: [DONE] },
      ],
    },
  });
  const { worktree } = await rig.until(({ status }) => status.kind === 'done');
  const ended = await eventsOfType(rig, 'iteration_ended');
  const decisions = ended.map(({ decision }) => JSON.stringify(decision));
  expect(decisions.map((text) => /Not committed: [^"]*?(?=\. |")/.exec(text)?.[0] ?? '')).toEqual([
    '',
    'Not committed: a.txt',
    '',
    '',
    '',
  ]);
  expect((await noticesOf(rig, 'found')).map(({ text }) => text)).toEqual([
    'CHECK_FAST changed 1 tracked file (a.txt) and made report.xml, which git does not ignore. It does not count as work unless an agent changes it.',
  ]);
  expect(existsSync(join(worktree?.path ?? '', 'report.xml'))).toBe(true);
});
