// @module-tag ci
import { existsSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { trashRef } from '../../../src/project/checkpoints/checkpoint-refs.ts';
import { type Command, leaveCommand } from '../../../src/session/commands/commands.ts';
import { readEvents } from '../../../src/session/events/event-log.ts';
import type { SessionEvent } from '../../../src/session/events/events.ts';
import { refNameOf } from '../../../src/session/layout/names.ts';
import { sessionPaths } from '../../../src/session/layout/paths.ts';
import { restOfFinishing } from '../../../src/worker/commands/session-archive.ts';
import { judgeQueued, takeCommands } from '../../../src/worker/commands/take-commands.ts';
import type { Worker } from '../../../src/worker/core/worker.ts';
import { type TempLog, tempLog } from '../../support/temp-log.ts';
import { makeRepo, type TempRepo } from '../../support/temp-repo.ts';
import { finished } from '../../worker/finished-session.ts';

const HEAD = { v: 1, by: { channel: 'cli' }, at: '2026-01-08T10:00:00.000Z' } as const;
const DISCARD: Command = { ...HEAD, id: '01KEE000000000000000000001', kind: 'discard' };
const UNARCHIVE: Command = { ...HEAD, id: '01KEE000000000000000000002', kind: 'unarchive' };
const trash = ({ file }: Pick<Worker, 'file'>) => trashRef(refNameOf(file));

async function take(worker: Worker, log: TempLog, command: Command): Promise<SessionEvent | undefined> {
  await leaveCommand(log.paths, command);
  await takeCommands(worker, 'no_child');
  return (await readEvents(log.paths, 0)).at(-1);
}

/** The first step of a new worker. */
const takeOver = async (worker: Worker) => (await restOfFinishing(worker, true))?.after?.();

const worktreeOf = ({ writer }: Worker) => writer.state.worktree?.path ?? '';
const away = ({ paths }: TempLog) => sessionPaths(paths.sessionsDir, paths.folder, true).sessionDir;

async function snapshot(worker: Worker, repo: TempRepo, log: TempLog) {
  return {
    worktree: existsSync(worktreeOf(worker)),
    branch: await repo.git(['branch', '--list', '--format=%(refname:short)', 'samocode/x']),
    folder: existsSync(log.paths.sessionDir) ? 'home' : existsSync(away(log)) ? 'archive' : 'nowhere',
  };
}

const GONE = { worktree: false, branch: '', folder: 'archive' };

test('a session is discarded with its uncommitted work, and all of it can be restored', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo({ folder: 'Über boats' });
  const worker = await finished(log, repo);
  const tip = await repo.git(['rev-parse', 'samocode/x']);
  await writeFile(join(worktreeOf(worker), 'größe 1.txt'), 'not committed\n');
  await take(worker, log, DISCARD);
  expect(await snapshot(worker, repo, log)).toEqual(GONE);
  expect(worker.writer.state).toMatchObject({
    archived: true,
    trash: { ref: trash(worker), tip, branch: 'samocode/x', uncommitted: ['größe 1.txt'] },
  });
  expect(await repo.git(['for-each-ref', '--format=%(refname)', 'refs/samocode'])).toBe(trash(worker));

  await take(worker, log, UNARCHIVE);
  expect(await snapshot(worker, repo, log)).toEqual({ worktree: true, branch: 'samocode/x', folder: 'home' });
  expect(await repo.git(['rev-parse', 'samocode/x'])).toBe(tip);
  expect(await readFile(join(worktreeOf(worker), 'größe 1.txt'), 'utf8')).toBe('not committed\n');
  expect(worker.writer.state.trash).toBeUndefined();
  expect(worker.writer.state.status.kind).toBe('done');
});

test('after a worker that died at any step of a discard, the next one completes it', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo);
  await leaveCommand(log.paths, DISCARD);
  // Before the event only one of samocode's own refs is changed.
  const { events } = await judgeQueued(worker, DISCARD.id, 'no_child');
  expect(await snapshot(worker, repo, log)).toEqual({ worktree: true, branch: 'samocode/x', folder: 'home' });
  await worker.writer.append(...events);
  await takeOver(worker);
  expect(await snapshot(worker, repo, log)).toEqual(GONE);
  await takeOver(worker);
  expect(await snapshot(worker, repo, log)).toEqual(GONE);
  // After its branch and worktree are restored, but not its folder.
  const { trash } = worker.writer.state;
  await worker.writer.append({ type: 'unarchived', by: HEAD.by, trash });
  await repo.git(['branch', 'samocode/x', trash?.tip ?? '']);
  await takeOver(worker);
  await takeOver(worker);
  expect(await snapshot(worker, repo, log)).toMatchObject({ branch: 'samocode/x', folder: 'home' });
});

test('files written after the trash was filled undo the discard', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo);
  await leaveCommand(log.paths, DISCARD);
  const { events, after, undone } = await judgeQueued(worker, DISCARD.id, 'no_child');
  await worker.writer.append(...events);
  await appendFile(join(worktreeOf(worker), 'a.txt'), 'late\n');
  await expect(after?.()).rejects.toMatchObject({ code: 'changed_meanwhile' });
  await worker.writer.append(...((await undone?.()) ?? []));
  expect([worker.writer.state.archived, worker.writer.state.trash]).toEqual([false, undefined]);
  expect(await snapshot(worker, repo, log)).toEqual({ worktree: true, branch: 'samocode/x', folder: 'home' });
});

test.each<[string, (worker: Worker, repo: TempRepo) => Promise<unknown>, string]>([
  [
    'whose worktree contains a nested repository',
    async (worker, repo) => {
      await repo.git(['init', '--quiet', 'inner'], worktreeOf(worker));
      await writeFile(join(worktreeOf(worker), 'inner/x'), 'x');
    },
    'not_for_trash',
  ],
  [
    'whose branch is checked out elsewhere',
    async (worker, repo) => {
      await repo.git(['switch', '--quiet', '--detach'], worktreeOf(worker));
      await repo.git(['switch', '--quiet', 'samocode/x']);
    },
    'branch_elsewhere',
  ],
])('a session %s is not discarded', async (_, disturb, code) => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo);
  await disturb(worker, repo);
  expect(await take(worker, log, DISCARD)).toMatchObject({ type: 'command_refused', code });
  expect(await snapshot(worker, repo, log)).toEqual({ worktree: true, branch: 'samocode/x', folder: 'home' });
});

test('a discard through a channel that opens no gate is refused', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo, { gateChannels: ['elicitation'] });
  expect(await take(worker, log, DISCARD)).toMatchObject({ type: 'command_refused', code: 'channel_closed' });
});

test.each<[string, (repo: TempRepo, worker: Worker) => Promise<unknown>, string]>([
  ['if the trash is gone', (repo, worker) => repo.git(['update-ref', '-d', trash(worker)]), 'trash_gone'],
  ['if another branch has its name', (repo) => repo.git(['branch', 'samocode/x', 'main']), 'branch_taken'],
])('a discarded session is not restored %s', async (_, disturb, code) => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo);
  await take(worker, log, DISCARD);
  await disturb(repo, worker);
  expect(await take(worker, log, UNARCHIVE)).toMatchObject({ type: 'command_refused', code });
  expect(worker.writer.state.archived).toBe(true);
});
