// @module-tag ci
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { trashRef } from '../../../../src/core/project/checkpoints/checkpoint-refs.ts';
import {
  type Command,
  leaveCommand,
  pendingCommandIds,
} from '../../../../src/core/session/commands/commands.ts';
import type { SessionEvent } from '../../../../src/core/session/events/events.ts';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { judgeQueued, takeCommands } from '../../../../src/core/worker/commands/take-commands.ts';
import { performWork } from '../../../../src/core/worker/finish/perform.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { ofTip } from '../../../support/as-shown.ts';
import { type TempLog, tempLog } from '../../../support/temp-log.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';
import { CAME } from '../../unit/session/events.ts';
import { finished } from '../../unit/worker/finished-session.ts';

const HEAD = { v: 1, by: { channel: 'cli' }, at: '2026-01-08T10:00:00.000Z' } as const;
const DISCARD: Command = { ...HEAD, id: '01KEE000000000000000000001', kind: 'discard', tip: '' };
const UNARCHIVE: Command = { ...HEAD, id: '01KEE000000000000000000002', kind: 'unarchive' };
const trash = ({ file }: Pick<Worker, 'file'>) => trashRef(refNameOf(file));

async function take(worker: Worker, log: TempLog, command: Command): Promise<SessionEvent | undefined> {
  await leaveCommand(log.paths, 'tip' in command ? await ofTip(worker, command) : command);
  await takeCommands(worker, 'no_agent');
  await performWork(worker);
  return (await readEvents(log.paths, 0)).at(-1);
}

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

test('a session is discarded with its uncommitted work, and two printed commands restore all of it', async () => {
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

  const refusal = await take(worker, log, UNARCHIVE);
  expect(refusal).toMatchObject({ type: 'command_refused', code: 'branch_discarded' });
  const why = refusal?.type === 'command_refused' ? refusal.message : '';
  const commands = why.slice(why.indexOf('git -C'));
  await promisify(execFile)('/bin/sh', ['-c', commands], { env: { ...process.env, ...repo.env } });
  await take(worker, log, { ...UNARCHIVE, id: '01KEE000000000000000000003' });
  expect(await snapshot(worker, repo, log)).toEqual({ worktree: true, branch: 'samocode/x', folder: 'home' });
  expect(await repo.git(['rev-parse', 'samocode/x'])).toBe(tip);
  expect(await readFile(join(worktreeOf(worker), 'größe 1.txt'), 'utf8')).toBe('not committed\n');
  expect(worker.writer.state.trash).toBeUndefined();
  expect(worker.writer.state.status.kind).toBe('done');
});

test('a file that was renamed in the index alone is restored under its new name only', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo({ files: { 'old.txt': 'a boat\n' } });
  const worker = await finished(log, repo);
  await repo.git(['mv', 'old.txt', 'new.txt'], worktreeOf(worker));
  await take(worker, log, DISCARD);
  const refusal = await take(worker, log, UNARCHIVE);
  const why = refusal?.type === 'command_refused' ? refusal.message : '';
  const commands = why.slice(why.indexOf('git -C'));
  await promisify(execFile)('/bin/sh', ['-c', commands], { env: { ...process.env, ...repo.env } });
  const is = (name: string) => existsSync(join(worktreeOf(worker), name));
  expect([is('old.txt'), is('new.txt')]).toEqual([false, true]);
});

test('after a worker that died at any step of a discard, the next one completes it', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo);
  await leaveCommand(log.paths, await ofTip(worker, DISCARD));
  // Before the event only one of samocode's own refs is changed.
  const { events } = await judgeQueued(worker, DISCARD.id, 'no_agent');
  expect(await snapshot(worker, repo, log)).toEqual({ worktree: true, branch: 'samocode/x', folder: 'home' });
  await worker.writer.append(...events);
  await performWork(worker);
  expect(await snapshot(worker, repo, log)).toEqual(GONE);
  await performWork(worker);
  expect(await snapshot(worker, repo, log)).toEqual(GONE);
});

test('a discard that a crash cut short is completed before a waiting command is read', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo);
  await writeFile(join(worktreeOf(worker), 'unsaved.txt'), 'not committed\n');
  await leaveCommand(log.paths, await ofTip(worker, DISCARD));
  const { events } = await judgeQueued(worker, DISCARD.id, 'no_agent');
  await worker.writer.append(...events, CAME);
  await leaveCommand(log.paths, UNARCHIVE);
  await takeCommands(worker, 'no_agent');
  expect(pendingCommandIds(log.paths)).toContain(UNARCHIVE.id);
  await performWork(worker);
  expect(await snapshot(worker, repo, log)).toEqual(GONE);
  await takeCommands(worker, 'no_agent');
  const last = (await readEvents(log.paths, 0)).at(-1);
  expect(last).toMatchObject({ type: 'command_refused', id: UNARCHIVE.id, code: 'branch_discarded' });
  const commands = /git -C .* worktree add .* && git -C .* restore /;
  expect(last).toMatchObject({ message: expect.stringMatching(commands) });
});

test('files written after the ref was made prevent the discard', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo);
  await leaveCommand(log.paths, await ofTip(worker, DISCARD));
  await takeCommands(worker, 'no_agent');
  await appendFile(join(worktreeOf(worker), 'a.txt'), 'late\n');
  await performWork(worker);
  const last = (await readEvents(log.paths, 0)).at(-1);
  expect(last).toMatchObject({ type: 'finish_ended', kind: 'discard', code: 'changed_meanwhile' });
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

test('a discarded session whose ref is gone stays in the archive, and is told why', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo);
  await take(worker, log, DISCARD);
  await repo.git(['update-ref', '-d', trash(worker)]);
  expect(await take(worker, log, UNARCHIVE)).toMatchObject({
    code: 'branch_discarded',
    message: expect.stringContaining('has been removed since'),
  });
  expect(worker.writer.state.archived).toBe(true);
});
