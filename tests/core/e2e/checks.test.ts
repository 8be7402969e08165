import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resumeSession } from '../../../src/core/acts/sessions/resume-session.act.ts';
import { readTrust, trustProject } from '../../../src/core/caller/context/trust-project.ts';
import { ci } from '../../support/ci.ts';
import { type SessionRig, startRig } from '../../support/session-rig.ts';
import { endOfWorker } from '../../support/supervisors.ts';

/** Something new each time, so that only the checks block it. */
const FIXING = [
  {
    when: { phase: 'implementation' },
    do: [
      { act: 'edit', path: 'fixes.md', text: 'A fix.\n', append: true },
      { act: 'commit', subject: 'Try a fix' },
      { act: 'end', did: 'Looked again', signal: { status: 'continue', phase: 'testing' } },
    ],
  },
];

test(
  'a session blocked by a wrong check continues once the person has fixed and trusted the check',
  ci,
  async () => {
    await using rig = await startRig({
      here: true,
      phase: 'implementation',
      scenario: { rules: FIXING },
      lines: { CHECK: 'test $(git rev-list --count HEAD) = 1' },
    });
    const blocked = await rig.until(({ status }) => status.kind === 'blocked');
    expect(blocked.status).toMatchObject({
      rule: 'checks',
      reason: expect.stringContaining('`test $(git rev-list --count HEAD) = 1`'),
    });
    const { folder, configPath } = rig.file;
    const text = await readFile(configPath, 'utf8');
    await writeFile(configPath, text.replace(/^CHECK=.*$/m, 'CHECK=true'));
    const context = rig.context();
    await expect(resumeSession({ session: folder }, context)).rejects.toMatchObject({
      code: 'project_not_trusted',
    });
    const { project } = await readTrust({ projectDir: configPath }, context);
    await trustProject({ projectDir: configPath, hash: project.fileHash }, context);
    await resumeSession({ session: folder }, context);
    await rig.until(({ status }) => status.kind === 'done');
    expect((await rig.events()).findLast((event) => event.type === 'resumed')).toMatchObject({
      checks: ['true'],
    });
  },
);

/** A session whose next agent works in the last phase. */
async function atDone(check: string): Promise<SessionRig> {
  return await startRig({ here: true, phase: 'done', lines: { CHECK: check, CHECK_IN: 'worktree' } });
}

test(
  'a session whose checks were stopped needs no worker until it is resumed, and then they run again',
  ci,
  async () => {
    await using rig = await atDone('[ -e ../again ] || { touch ../again; sleep 60; }');
    const { worktree } = await rig.until(({ openIteration }) => openIteration?.phase === 'done');
    const mark = join(worktree?.path ?? '', '..', 'again');
    await expect.poll(() => existsSync(mark)).toBe(true);
    await rig.stop();
    await rig.until(({ status }) => status.kind === 'stopped');
    await endOfWorker(rig);
    expect(await rig.view()).toMatchObject({
      needsWorker: false,
      state: { openIteration: { iteration: 1 } },
    });
    await rig.resume();
    const { progress } = await rig.until(({ status }) => status.kind === 'done');
    expect(progress.totalIterations).toBe(1);
  },
);

test('a session whose check removes the worktree is not done', async () => {
  await using rig = await atDone('rm -rf "$PWD"');
  await rig.until(({ progress }) => progress.phase === 'implementation');
  const ended = (await rig.events()).filter((event) => event.type === 'iteration_ended');
  expect(JSON.stringify(ended[0]?.decision)).toContain('it removed the worktree');
});

/** Takes the trees of documents from all checkpoints, as a garbage collection does whose refs were not there yet. */
const TAKES = `cd "$OUTSIDE/repo"
for ref in $(git for-each-ref --format='%(refname)' refs/samocode); do
  tree=$(git rev-parse "$ref:session")
  rest=\${tree#??}
  rm -f ".git/objects/\${tree%"$rest"}/$rest"
done
touch "$OUTSIDE/taken"
`;

test('a checkpoint that can no longer be read blocks nothing', ci, async () => {
  await using rig = await startRig({
    here: true,
    phase: 'done',
    lines: { CHECK: 'sh "$OUTSIDE/takes.sh"', CHECK_IN: 'worktree' },
    files: { 'takes.sh': TAKES },
  });
  const { status } = await rig.until((state) => ['done', 'blocked'].includes(state.status.kind));
  expect(status).toMatchObject({ kind: 'done' });
  expect(existsSync(join(rig.repo.root, 'taken'))).toBe(true);
});
