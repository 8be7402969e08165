import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/core/kernel/clock.ts';
import { isRunning } from '../../../src/core/kernel/processes/process-table.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import type { EventOf } from '../../../src/core/session/events/events.ts';
import { finishSession } from '../../support/as-shown.ts';
import { ci } from '../../support/ci.ts';
import { eventsOfType, noticesOf } from '../../support/events-of.ts';
import { eventually } from '../../support/eventually.ts';
import { HANGS, type SessionRig, startRig } from '../../support/session-rig.ts';
import { halfWritten, SLOW, SLOW_FILES, SLOW_FILTER } from '../../support/slow-checkout.ts';
import { endOfWorker } from '../../support/supervisors.ts';

/** `worker alone`: the git that it started keeps running. */
const DEATHS = ['worker alone', 'worker and git'] as const;

async function die(rig: SessionRig, how: (typeof DEATHS)[number]): Promise<void> {
  const { processes } = rig.context().host;
  const gits = [];
  for (const { pid } of (await processes.list()).filter(isRunning)) {
    const home = await processes.environmentOf(pid, 'HOME');
    if (home === rig.repo.homeDir && (await processes.environmentOf(pid, 'SAMOCODE_GIT'))) gits.push(pid);
  }
  expect(gits).not.toEqual([]);
  await rig.killWorker();
  if (how === 'worker alone') return;
  for (const pid of gits)
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended when another one of them was killed.
    }
}

test.concurrent.each(DEATHS)(
  'a checkout that is cut off (%s) is complete before an agent starts',
  async (how) => {
    await using rig = await startRig({
      faults: true,
      repo: SLOW_FILES,
      start: { run: false },
      scenario: HANGS,
    });
    await endOfWorker(rig);
    const { path = '' } = (await rig.state()).worktree ?? {};
    await rm(path, { recursive: true });
    await writeFile(join(rig.repo.root, SLOW), '');
    await rig.resume();
    await halfWritten((name) => name.startsWith('file-'), path);
    await die(rig, how);
    await rm(join(rig.repo.root, SLOW));
    await rig.until(({ openIteration }) => openIteration !== undefined);
    expect(await rig.repo.git(['status', '--porcelain'], path)).toBe('');
    expect(await rig.repo.git(['ls-files'], path)).toContain('file-39.txt');
    expect(await rig.repo.git(['worktree', 'list', '--porcelain'])).not.toContain('locked');
  },
  300_000,
);

/** A session that is done, with forty new files on its branch, and a merge in progress. */
async function merging(): Promise<SessionRig> {
  const rig = await startRig({ at: 'done', faults: true, repo: SLOW_FILTER, lines: { CHECK: 'true' } });
  await endOfWorker(rig);
  const { path = '' } = (await rig.state()).worktree ?? {};
  for (let at = 0; at < 40; at += 1) await writeFile(join(path, `new-${at}.txt`), `${at}\n`);
  await rig.repo.git(['add', '-A'], path);
  await rig.repo.git(['commit', '--quiet', '-m', 'Add forty files'], path);
  await rig.until(({ status }) => status.kind === 'done');
  const input = { session: rig.file.folder, how: 'merge', keep: [] } as const;
  // The clone is fast, because the merge of a branch that is ahead needs none.
  void finishSession(input, rig.context()).catch(() => undefined);
  await eventually(async () => (await rig.state()).work !== undefined, {
    what: 'a requested merge',
  });
  await writeFile(join(rig.repo.root, SLOW), '');
  await halfWritten((name) => name.startsWith('new-'), rig.repo.path);
  return rig;
}

async function endOfMerge(rig: SessionRig): Promise<EventOf<'merge_ended'>> {
  await rig.until(({ work }) => work === undefined);
  return (await eventsOfType(rig, 'merge_ended')).at(-1) ?? expect.fail('no end of the merge');
}

test.concurrent('a merge whose worker dies is allowed to finish, and is reported as done', ci, async () => {
  await using rig = await merging();
  await die(rig, 'worker alone');
  await rig.launch();
  await eventually(async () => (await rig.workerPid()) !== undefined, { what: 'the next worker' });
  // One that would end the merge does so at once.
  await systemClock.sleep(1000);
  expect((await rig.state()).work).toBeDefined();
  await rm(join(rig.repo.root, SLOW));
  expect(await endOfMerge(rig)).toMatchObject({ outcome: 'merged' });
  expect(await rig.repo.git(['status', '--porcelain', '--untracked-files=no'])).toBe('');
  expect(await rig.repo.git(['ls-files'])).toContain('new-39.txt');
});

test.concurrent("a merge that is interrupted with its git is reported as samocode's, and its commands complete it", async () => {
  await using rig = await merging();
  await die(rig, 'worker and git');
  await rm(join(rig.repo.root, SLOW));
  const { commands, ...end } = await endOfMerge(rig);
  expect(end).toMatchObject({ outcome: 'ready', reason: expect.stringContaining('was interrupted') });
  for (const line of commands) {
    const { exitCode, stderr } = await runCommand('sh', ['-c', line], { env: rig.repo.env });
    // git shows the progress of a checkout that takes two seconds, as on a slow machine.
    expect(stderr.replace(/^(?:Updating files: .*?[\r\n])*/s, '')).toBe('');
    expect(exitCode).toBe(0);
  }
  expect(await rig.repo.git(['status', '--porcelain', '--untracked-files=no'])).toBe('');
  expect(await rig.repo.git(['ls-files'])).toContain('new-39.txt');
  expect(await rig.repo.git(['diff', '--stat', 'main', rig.file.settings.branch])).toBe('');
});

test.concurrent('a branch deleted with its worktree is created again at its last commit, with a notice', async () => {
  await using rig = await startRig({ at: 'done', faults: true });
  await endOfWorker(rig);
  const { path = '', branch = '' } = (await rig.state()).worktree ?? {};
  const tip = await rig.repo.git(['rev-parse', branch]);
  await rig.repo.git(['worktree', 'remove', '--force', path]);
  await rig.repo.git(['branch', '-D', branch]);
  await rig.resume({ goal: 'Give every boat a number' });
  await rig.until(({ lastIteration }) => lastIteration?.phase === 'investigation');
  await rig.repo.git(['merge-base', '--is-ancestor', tip, branch]);
  const text = `The branch ${branch} was gone; it was recreated at ${tip.slice(0, 12)}, its last known commit.`;
  expect(await noticesOf(rig, 'branch_made_again')).toMatchObject([{ text }]);
});

test.concurrent('a branch whose commit is gone too blocks the session', async () => {
  await using rig = await startRig({ at: 'done', faults: true });
  await endOfWorker(rig);
  const { path = '', branch = '' } = (await rig.state()).worktree ?? {};
  await rig.repo.git(['worktree', 'remove', '--force', path]);
  await rig.repo.git(['branch', '-D', branch]);
  for (const ref of (await rig.repo.git(['for-each-ref', '--format=%(refname)', 'refs/samocode'])).split(
    '\n',
  ))
    await rig.repo.git(['update-ref', '-d', ref]);
  await rig.repo.git(['reflog', 'expire', '--expire=now', '--all']);
  await rig.repo.git(['gc', '--quiet', '--prune=now']);
  await rig.resume({ goal: 'Give every boat a number' });
  const { status } = await rig.until((state) => state.status.kind === 'blocked');
  expect(status).toMatchObject({ rule: 'branch_lost' });
  expect(await rig.repo.git(['branch', '--list', branch])).toBe('');
});
