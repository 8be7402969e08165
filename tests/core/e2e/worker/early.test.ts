import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nextSteps } from '../../../../src/core/caller/facts/next-steps.ts';
import { commandsOf } from '../../../../src/core/caller/facts/step-texts.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';

// A session that cannot work says so before its first agent.

const TASK = { start: { task: 'Name the boats' } };

/** Why a session is blocked that no agent has worked in, and what is next. */
async function blockedAtOnce(rig: SessionRig) {
  const { status, lastIteration } = await rig.until(({ status: { kind } }) => kind === 'blocked');
  expect(lastIteration).toBeUndefined();
  return { status, next: nextSteps(await rig.view()) };
}

test.concurrent(
  'a SETUP that fails blocks the session before its first agent, with what it said, and a resume tries it again',
  ci,
  async () => {
    const setup = 'test -e "$HOME/repaired" || { echo "no matching distribution for boats" >&2; exit 4; }';
    const lines = { SETUP: setup, CHECK: 'true', CHECK_HOME: 'repaired' };
    await using rig = await startRig({ here: true, ...TASK, lines });
    const { status, next } = await blockedAtOnce(rig);
    expect(status).toMatchObject({ rule: 'base_checks' });
    expect(commandsOf(next)).toEqual([
      expect.stringMatching(/^samocode show \S+ checks$/),
      expect.anything(),
    ]);
    const { path: cwd, homeDir: home, env } = rig.repo;
    const { stdout } = await typed(['show', rig.file.folder, 'checks'], { cwd, home, env });
    expect(stdout).toMatch(
      /SETUP in the worktree\n\nno matching distribution for boats\nOutput: \/.*setup\.txt\n/,
    );
    expect(stdout).toMatch(/in a fresh clone\n\n\$ test -e .*\(SETUP\)\nfailed: exit status 4, after \d/);
    expect(status).toMatchObject({
      reason: expect.stringContaining('(exit status 4). It said: no matching'),
    });
    await writeFile(join(rig.repo.homeDir, 'repaired'), '');
    await rig.resume();
    await rig.untilWaiting('qa_answers');
    // No agent was spent on what the person has repaired.
    const begun = (await rig.events()).filter(({ type }) => type === 'iteration_started');
    expect(begun[0]).toMatchObject({ iteration: 1, phase: 'investigation' });
  },
);

test.concurrent('a fresh clone that cannot be made blocks the session before its first agent', async () => {
  await using rig = await startRig({
    here: true,
    start: { run: false, ...TASK.start },
    lines: { CHECK: 'true' },
  });
  await rig.until(({ status }) => status.kind === 'stopped');
  await writeFile(join(rig.file.worktreesDir, '_checks'), 'not a folder');
  await rig.resume();
  const { status } = await blockedAtOnce(rig);
  expect(status).toMatchObject({ rule: 'clone_failed', reason: expect.stringContaining('ENOTDIR') });
});

/** An agent CLI that answers as the text of a shell script says. */
async function cliIn(rig: SessionRig, script: string): Promise<string> {
  const folder = join(rig.repo.root, 'bin');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'claude'), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, 'claude'), 0o755);
  return `${folder}:${rig.context().env.PATH}`;
}

test.concurrent.each([
  [
    'does not start in the worktree',
    'echo "No version is set for command claude" >&2; exit 126',
    'cli_fails',
    /--version` failed \(exit status 126\)\. It said: No version is set for command claude\./,
  ],
  [
    'is not logged in',
    'test "$1" = --version && exit 0; test "$1 $2" = "auth status" && exit 1; echo started >>"$0.ran"',
    'not_logged_in',
    /Claude Code reports that you are not logged in\. Run `claude` once and log in, or set ANTHROPIC_API_KEY\./,
  ],
])(
  'a CLI that %s is reported before the first agent, with the remedy',
  async (_what, script, rule, reason) => {
    await using rig = await startRig({
      start: { run: false, ...TASK.start },
      lines: { PERMISSIONS: 'allow' },
    });
    await rig.until(({ status }) => status.kind === 'stopped');
    await rig.resume({ provider: 'claude' }, { PATH: await cliIn(rig, script) });
    const { status, next } = await blockedAtOnce(rig);
    expect(status).toMatchObject({ rule, reason: expect.stringMatching(reason) });
    expect(next[0]).toMatchObject({ act: 'resume' });
  },
);

test.concurrent('SETUP runs again if a power cut has emptied the note that it ran', async () => {
  const lines = { SETUP: 'echo ran >>ran.txt' };
  await using rig = await startRig({ here: true, start: { run: false, ...TASK.start }, lines });
  const { worktree } = await rig.until(({ status }) => status.kind === 'stopped');
  const ran = () => readFile(join(worktree?.path ?? '', 'ran.txt'), 'utf8');
  expect(await ran()).toBe('ran\n');
  await writeFile(rig.paths.setup, '');
  await rig.resume();
  await rig.untilWaiting('qa_answers');
  expect(await ran()).toBe('ran\nran\n');
});

test.concurrent('SETUP runs again if it was interrupted and a power cut has lost the note that it is due', async () => {
  const setup = 'echo ran >>ran.txt; test -e "$HOME/go" || { touch "$HOME/begun"; sleep 60; }';
  await using rig = await startRig({ here: true, ...TASK, lines: { SETUP: setup } });
  const home = rig.repo.homeDir;
  await eventually(async () => (await readdir(home)).includes('begun'), { what: 'SETUP' });
  await rig.stop('now');
  await rig.until(({ status }) => status.kind === 'stopped');
  await rm(rig.paths.setup);
  await writeFile(join(home, 'go'), '');
  await rig.resume();
  const { worktree } = await rig.untilWaiting('qa_answers');
  expect(await readFile(join(worktree?.path ?? '', 'ran.txt'), 'utf8')).toBe('ran\nran\n');
});
