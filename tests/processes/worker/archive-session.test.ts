import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { systemHost } from '../../../src/base/processes/host.ts';
import { type Command, leaveCommand } from '../../../src/session/commands/commands.ts';
import { readEvents } from '../../../src/session/events/event-log.ts';
import type { NewEvent } from '../../../src/session/events/events.ts';
import { sessionPaths } from '../../../src/session/layout/paths.ts';
import { restOfFinishing } from '../../../src/worker/commands/session-archive.ts';
import { judgeQueued, takeCommands } from '../../../src/worker/commands/take-commands.ts';
import { GitGuard } from '../../../src/worker/core/git-guard.ts';
import type { Worker } from '../../../src/worker/core/worker.ts';
import { Projector } from '../../../src/worker/documents/projector.ts';
import { CREATED, PREPARED } from '../../session/events.ts';
import { sessionFileSample } from '../../support/session-file-sample.ts';
import { type TempLog, tempLog } from '../../support/temp-log.ts';
import { makeRepo, type TempRepo } from '../../support/temp-repo.ts';

const CLI = { channel: 'cli' } as const;
const HEAD = { v: 1, id: '01KEE000000000000000000001', by: CLI, at: '2026-01-08T10:00:00.000Z' } as const;
const ARCHIVE: Command = { ...HEAD, kind: 'archive', what: 'session', keep: [] };
const UNARCHIVE: Command = { ...HEAD, id: '01KEE000000000000000000002', kind: 'unarchive' };
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
  const { writer } = await log.open();
  const rest: NewEvent = { type: 'stopped', by: CLI, why: 'x' };
  await writer.append(CREATED, { ...PREPARED, worktree } as NewEvent, rest, ...events);
  await mkdir(log.paths.sessionDir, { recursive: true });
  const { folder, sessionsDir } = log.paths;
  const file = sessionFileSample({ folder, sessionsDir, mainRepo: repo.path });
  const git = new GitGuard(log.paths, file, repo.env);
  const projector = new Projector(log.paths, file);
  const own = { paths: log.paths, file, clock: systemClock, host: await systemHost(), env: repo.env };
  return { ...own, writer, projector, git } as Partial<Worker> as Worker;
}

const away = ({ paths }: TempLog) => sessionPaths(paths.sessionsDir, paths.folder, true).sessionDir;
const finish = async (worker: Worker) => (await restOfFinishing(worker, true))?.after?.();

test('a worktree is removed only once its archiving is recorded, not while the command is judged', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await stopped(log, repo);
  await leaveCommand(log.paths, ARCHIVE);
  await judgeQueued(worker, ARCHIVE.id, 'no_child');
  expect(existsSync(join(repo.root, 'worktree'))).toBe(true);
  await takeCommands(worker, 'no_child');
  expect(existsSync(join(repo.root, 'worktree'))).toBe(false);
  expect([existsSync(log.paths.sessionDir), existsSync(away(log))]).toEqual([false, true]);
});

test('a session whose archiving was cut short by a crash is archived by the next worker, however often that happens', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await stopped(log, repo, ARCHIVED);
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
  await leaveCommand(log.paths, ARCHIVE);
  const { after, undone } = await judgeQueued(worker, ARCHIVE.id, 'no_child');
  await writeFile(join(repo.root, 'worktree/late.txt'), 'work');
  await expect(after?.()).rejects.toMatchObject({ code: 'would_lose_work' });
  expect(await undone?.()).toMatchObject([{ type: 'unarchived', by: CLI }]);
  expect(await readdir(join(repo.root, 'worktree'))).toContain('late.txt');
});

test('a session is restored only once that is recorded, not while the command is judged', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await stopped(log, repo, ARCHIVED);
  await finish(worker);
  await leaveCommand(log.paths, UNARCHIVE);
  await judgeQueued(worker, UNARCHIVE.id, 'no_child');
  expect(existsSync(log.paths.sessionDir)).toBe(false);
  await takeCommands(worker, 'no_child');
  expect([existsSync(log.paths.sessionDir), existsSync(away(log))]).toEqual([true, false]);
});

test('a session recorded as restored by a worker that then died is restored by the next one', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await stopped(log, repo, ARCHIVED);
  await finish(worker);
  await worker.writer.append({ type: 'unarchived', by: CLI });
  await finish(worker);
  await finish(worker);
  expect([existsSync(log.paths.sessionDir), existsSync(away(log))]).toEqual([true, false]);
});

test('a session that cannot be restored stays in the archive', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await stopped(log, repo, ARCHIVED);
  await finish(worker);
  await leaveCommand(log.paths, UNARCHIVE);
  const { after, undone } = await judgeQueued(worker, UNARCHIVE.id, 'no_child');
  await mkdir(log.paths.sessionDir);
  await writeFile(join(log.paths.sessionDir, 'of-a-person.md'), 'x');
  await expect(after?.()).rejects.toMatchObject({ code: 'ENOTEMPTY' });
  await worker.writer.append({ type: 'unarchived', by: CLI }, ...((await undone?.()) ?? []));
  expect(worker.writer.state.archived).toBe(true);
  expect((await readEvents(log.paths, 0)).at(-1)).toMatchObject({ type: 'archived', what: 'session' });
});
