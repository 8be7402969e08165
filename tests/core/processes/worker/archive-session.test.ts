// @module-tag ci
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Command, leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { takeCommands } from '../../../../src/core/worker/commands/take-commands.ts';
import { performWork } from '../../../../src/core/worker/finish/perform.ts';
import { GitGuard } from '../../../../src/core/worker/state/git-guard.ts';
import { ofTip } from '../../../support/as-shown.ts';
import { tempLog } from '../../../support/temp-log.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { CREATED, PREPARED } from '../../unit/session/events.ts';
import { workerOn } from '../../unit/worker/worker-on.ts';

const CLI = { channel: 'cli' } as const;
const HEAD = { v: 1, id: '01KEE000000000000000000001', by: CLI, at: '2026-01-08T10:00:00.000Z' } as const;
const ARCHIVE: Command = { ...HEAD, kind: 'archive', what: 'session', keep: [], tip: '' };
const UNARCHIVE: Command = { ...HEAD, id: '01KEE000000000000000000002', kind: 'unarchive' };
const ASKED: NewEvent = {
  type: 'finish_asked',
  work: { kind: 'archive', by: CLI, to: '_archive/26-01-08-x' },
};
const ARCHIVED: NewEvent = {
  type: 'archived',
  by: CLI,
  what: 'session',
  moved: [],
  to: '_archive/26-01-08-x',
};

/** The worker of a stopped session whose branch has a worktree, and these further events. */
async function stopped(...events: NewEvent[]) {
  const log = await tempLog();
  const repo = await makeRepo();
  const { paths } = log;
  const path = join(repo.root, 'worktree');
  await repo.git(['worktree', 'add', '--quiet', '-b', 'x', path]);
  const worktree = { path, branch: 'x', base: 'main', baseCommit: await repo.git(['rev-parse', 'HEAD']) };
  const rest: NewEvent = { type: 'stopped', by: CLI, why: 'x' };
  await mkdir(paths.sessionDir, { recursive: true });
  const bare = await workerOn(log, [CREATED, { ...PREPARED, worktree } as NewEvent, rest, ...events], {
    file: { mainRepo: repo.path },
    env: repo.env,
  });
  const git = new GitGuard(paths, bare.file, repo.env, () => bare.writer.state.sandbox);
  const worker = Object.assign(bare, { git });
  return {
    ...{ worker, paths, worktree: path },
    away: sessionPaths(paths.sessionsDir, paths.folder, true).sessionDir,
    state: () => worker.writer.state,
    last: async () => (await readEvents(paths, 0)).at(-1),
    async take(command: Command) {
      await leaveCommand(paths, 'tip' in command ? await ofTip(worker, command) : command);
      await takeCommands(worker, 'no_agent');
    },
    async [Symbol.asyncDispose]() {
      await repo[Symbol.asyncDispose]();
      await log[Symbol.asyncDispose]();
    },
  };
}

test('a worktree is removed only once its archiving is recorded, and the archive is recorded once it is done', async () => {
  await using at = await stopped();
  await at.take(ARCHIVE);
  expect(existsSync(at.worktree)).toBe(true);
  expect(at.state()).toMatchObject({ archived: false, work: { kind: 'archive' } });
  await performWork(at.worker);
  expect(existsSync(at.worktree)).toBe(false);
  expect(at.state()).toMatchObject({ archived: true, work: undefined });
  expect([existsSync(at.paths.sessionDir), existsSync(at.away)]).toEqual([false, true]);
});

test('an archiving that a crash cut short is completed, however often that happens', async () => {
  await using at = await stopped(ASKED);
  await performWork(at.worker);
  await performWork(at.worker);
  expect(existsSync(at.worktree)).toBe(false);
  expect([existsSync(at.paths.sessionDir), existsSync(at.away)]).toEqual([false, true]);
});

test('a worktree that a person created again for an archived session stays', async () => {
  await using at = await stopped(ARCHIVED);
  await mkdir(join(at.away, '..'), { recursive: true });
  await rename(at.paths.sessionDir, at.away);
  await performWork(at.worker);
  expect(existsSync(at.worktree)).toBe(true);
});

test('files written between judgement and removal prevent the archiving of a session', async () => {
  await using at = await stopped();
  await at.take(ARCHIVE);
  await writeFile(join(at.worktree, 'late.txt'), 'work');
  await performWork(at.worker);
  expect(await at.last()).toMatchObject({ type: 'finish_ended', kind: 'archive', code: 'would_lose_work' });
  expect(at.state()).toMatchObject({ archived: false, work: undefined });
  expect(await readdir(at.worktree)).toContain('late.txt');
});

test('a session is restored only once that is recorded, not while the command is judged', async () => {
  await using at = await stopped(ASKED);
  await performWork(at.worker);
  await at.take(UNARCHIVE);
  expect(existsSync(at.paths.sessionDir)).toBe(false);
  await performWork(at.worker);
  expect([existsSync(at.paths.sessionDir), existsSync(at.away)]).toEqual([true, false]);
});

test('a session that cannot be restored stays in the archive', async () => {
  await using at = await stopped(ASKED);
  await performWork(at.worker);
  await at.take(UNARCHIVE);
  await mkdir(at.paths.sessionDir);
  await writeFile(join(at.paths.sessionDir, 'of-a-person.md'), 'x');
  await performWork(at.worker);
  expect(at.state()).toMatchObject({ archived: true, work: undefined });
  expect(existsSync(at.away)).toBe(true);
  expect(await at.last()).toMatchObject({ type: 'finish_ended', kind: 'unarchive', code: 'folder_taken' });
});

test('a session whose folder can’t be moved into the archive stays in place, and the reason is recorded', async () => {
  await using at = await stopped();
  const { n } = at.state();
  await writeFile(join(at.paths.sessionsDir, '_archive'), 'no folder');
  await at.take(ARCHIVE);
  await performWork(at.worker);
  const events = await readEvents(at.paths, n);
  expect(events).toMatchObject([
    { type: 'command_accepted' },
    { type: 'finish_asked', work: { kind: 'archive' } },
    { type: 'finish_ended', kind: 'archive', code: 'file_refused' },
  ]);
  expect(at.state().archived).toBe(false);
});
