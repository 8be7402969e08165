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
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { ofTip } from '../../../support/as-shown.ts';
import { type TempLog, tempLog } from '../../../support/temp-log.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';
import { CREATED, PREPARED } from '../../unit/session/events.ts';
import { workerOn } from '../../unit/worker/worker-on.ts';

const CLI = { channel: 'cli' } as const;
const HEAD = { v: 1, id: '01KEE000000000000000000001', by: CLI, at: '2026-01-08T10:00:00.000Z' } as const;
const ARCHIVE: Command = { ...HEAD, kind: 'archive', what: 'session', keep: [] };
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

/** The worker of a stopped session whose branch has a worktree. */
async function stopped(log: TempLog, repo: TempRepo, ...events: NewEvent[]): Promise<Worker> {
  const path = join(repo.root, 'worktree');
  await repo.git(['worktree', 'add', '--quiet', '-b', 'x', path]);
  const worktree = { path, branch: 'x', base: 'main', baseCommit: await repo.git(['rev-parse', 'HEAD']) };
  const rest: NewEvent = { type: 'stopped', by: CLI, why: 'x' };
  await mkdir(log.paths.sessionDir, { recursive: true });
  const worker = await workerOn(log, [CREATED, { ...PREPARED, worktree } as NewEvent, rest, ...events], {
    file: { mainRepo: repo.path },
    env: repo.env,
  });
  return Object.assign(worker, {
    git: new GitGuard(log.paths, worker.file, repo.env, () => worker.writer.state.sandbox),
  });
}

const away = ({ paths }: TempLog) => sessionPaths(paths.sessionsDir, paths.folder, true).sessionDir;
const finish = performWork;

test('a worktree is removed only once its archiving is recorded, and the archive is recorded once it is done', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await stopped(log, repo);
  await leaveCommand(log.paths, await ofTip(worker, ARCHIVE));
  await takeCommands(worker, 'no_agent');
  expect(existsSync(join(repo.root, 'worktree'))).toBe(true);
  expect(worker.writer.state).toMatchObject({ archived: false, work: { kind: 'archive' } });
  await finish(worker);
  expect(existsSync(join(repo.root, 'worktree'))).toBe(false);
  expect(worker.writer.state).toMatchObject({ archived: true, work: undefined });
  expect([existsSync(log.paths.sessionDir), existsSync(away(log))]).toEqual([false, true]);
});

test('an archiving that a crash cut short is completed, however often that happens', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await stopped(log, repo, ASKED);
  await finish(worker);
  await finish(worker);
  expect(existsSync(join(repo.root, 'worktree'))).toBe(false);
  expect([existsSync(log.paths.sessionDir), existsSync(away(log))]).toEqual([false, true]);
});

test('a worktree that a person created again for an archived session stays', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await stopped(log, repo, ARCHIVED);
  await mkdir(join(away(log), '..'), { recursive: true });
  await rename(log.paths.sessionDir, away(log));
  await finish(worker);
  expect(existsSync(join(repo.root, 'worktree'))).toBe(true);
});

test('files written between judgement and removal prevent the archiving of a session', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await stopped(log, repo);
  await leaveCommand(log.paths, await ofTip(worker, ARCHIVE));
  await takeCommands(worker, 'no_agent');
  await writeFile(join(repo.root, 'worktree/late.txt'), 'work');
  await finish(worker);
  const last = (await readEvents(log.paths, 0)).at(-1);
  expect(last).toMatchObject({ type: 'finish_ended', kind: 'archive', code: 'would_lose_work' });
  expect(worker.writer.state).toMatchObject({ archived: false, work: undefined });
  expect(await readdir(join(repo.root, 'worktree'))).toContain('late.txt');
});

test('a session is restored only once that is recorded, not while the command is judged', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await stopped(log, repo, ASKED);
  await finish(worker);
  await leaveCommand(log.paths, UNARCHIVE);
  await takeCommands(worker, 'no_agent');
  expect(existsSync(log.paths.sessionDir)).toBe(false);
  await finish(worker);
  expect([existsSync(log.paths.sessionDir), existsSync(away(log))]).toEqual([true, false]);
});

test('a session that cannot be restored stays in the archive', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await stopped(log, repo, ASKED);
  await finish(worker);
  await leaveCommand(log.paths, UNARCHIVE);
  await takeCommands(worker, 'no_agent');
  await mkdir(log.paths.sessionDir);
  await writeFile(join(log.paths.sessionDir, 'of-a-person.md'), 'x');
  await finish(worker);
  expect(worker.writer.state).toMatchObject({ archived: true, work: undefined });
  expect(existsSync(away(log))).toBe(true);
  const last = (await readEvents(log.paths, 0)).at(-1);
  expect(last).toMatchObject({ type: 'finish_ended', kind: 'unarchive', code: 'folder_taken' });
});

test('a session whose folder can’t be moved into the archive stays in place, and the reason is recorded', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await stopped(log, repo);
  const { n } = worker.writer.state;
  await writeFile(join(log.paths.sessionsDir, '_archive'), 'no folder');
  await leaveCommand(log.paths, await ofTip(worker, ARCHIVE));
  await takeCommands(worker, 'no_agent');
  await finish(worker);
  const events = await readEvents(log.paths, n);
  expect(events).toMatchObject([
    { type: 'command_accepted' },
    { type: 'finish_asked', work: { kind: 'archive' } },
    { type: 'finish_ended', kind: 'archive', code: 'file_refused' },
  ]);
  expect(worker.writer.state.archived).toBe(false);
});
