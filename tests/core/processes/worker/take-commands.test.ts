// @module-tag ci
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import {
  type Command,
  leaveCommand,
  pendingCommandIds,
} from '../../../../src/core/session/commands/commands.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import type { EventWriter } from '../../../../src/core/session/log/event-writer.ts';
import {
  takeCommands,
  takeCommandsMeanwhile,
  waitingCommandIds,
} from '../../../../src/core/worker/commands/take-commands.ts';
import { fullDisk } from '../../../support/failing-disk.ts';
import { type TempLog, tempLog } from '../../../support/temp-log.ts';
import { STARTED } from '../../../support/work-events.ts';
import { CREATED, PREPARED } from '../../unit/session/events.ts';
import { workerOn } from '../../unit/worker/worker-on.ts';

const CLI = { channel: 'cli' } as const;
const STOPPED: NewEvent[] = [CREATED, PREPARED, { type: 'stopped', by: CLI, why: 'for the test' }];

const RESUMED: NewEvent = { type: 'resumed', by: CLI, phase: 'investigation', resetsCounts: false };

/** A worker of a stopped session. */
const stoppedWorker = (log: TempLog, writer?: EventWriter) => workerOn(log, STOPPED, { writer });

type Request =
  | { kind: 'message'; text: string }
  | { kind: 'withdraw_message'; message: string }
  | { kind: 'stop'; when: 'now' };

function command(request: Request, id = ulid()): Command {
  return { v: 1, id, by: CLI, at: '2026-01-08T10:00:00.000Z', ...request };
}

const answers = async (log: TempLog) =>
  (await readEvents(log.paths, 0)).filter(({ type }) => /^command_/.test(type));

test('commands are answered oldest first, each by one event, and their files are removed', async () => {
  await using log = await tempLog();
  const worker = await stoppedWorker(log);
  const given = [
    command({ kind: 'message', text: 'one' }, ulid(1000)),
    command({ kind: 'stop', when: 'now' }, ulid(2000)),
    command({ kind: 'message', text: '' }, ulid(3000)),
    command({ kind: 'message', text: 'two' }, ulid(4000)),
  ];
  for (const each of given.toReversed()) await leaveCommand(log.paths, each);
  await takeCommands(worker, 'no_agent');
  expect(await answers(log)).toMatchObject([
    { type: 'command_accepted', id: given[0]?.id },
    { type: 'command_refused', id: given[1]?.id, code: 'not_running' },
    { type: 'command_refused', id: given[2]?.id, code: 'empty_message' },
    { type: 'command_accepted', id: given[3]?.id },
  ]);
  expect(pendingCommandIds(log.paths)).toEqual([]);
});

test('an answered command is not answered again, by this worker or the next', async () => {
  await using log = await tempLog();
  const again = command({ kind: 'message', text: 'once' });
  const worker = await stoppedWorker(log);
  await leaveCommand(log.paths, again);
  await takeCommands(worker, 'no_agent');
  await leaveCommand(log.paths, again);
  await takeCommands(worker, 'no_agent');
  await leaveCommand(log.paths, again);
  await takeCommands(await stoppedWorker(log), 'no_agent');
  expect(await answers(log)).toHaveLength(1);
  expect(pendingCommandIds(log.paths)).toEqual([]);
});

test('an old command is not answered again, however many were answered since', async () => {
  await using log = await tempLog();
  const worker = await stoppedWorker(log);
  const old = command({ kind: 'stop', when: 'now' }, ulid(5000));
  await leaveCommand(log.paths, old);
  await takeCommands(worker, 'no_agent');
  for (let count = 0; count < 200; count += 1)
    await leaveCommand(log.paths, command({ kind: 'stop', when: 'now' }, ulid(count * 10)));
  await takeCommands(worker, 'no_agent');
  await leaveCommand(log.paths, old);
  await takeCommands(worker, 'no_agent');
  expect((await answers(log)).filter((event) => 'id' in event && event.id === old.id)).toHaveLength(1);
  expect(await answers(log)).toHaveLength(201);
});

test('while an agent runs, only stop and message commands are taken', async () => {
  await using log = await tempLog();
  const worker = await stoppedWorker(log);
  const resume: Command = { v: 1, id: ulid(1), by: CLI, at: '2026-01-08T10:00:00.000Z', kind: 'resume' };
  await leaveCommand(log.paths, resume);
  await leaveCommand(log.paths, command({ kind: 'message', text: 'm' }, ulid(2)));
  await takeCommands(worker, 'agent_runs');
  expect(await answers(log)).toMatchObject([
    { type: 'command_refused', code: 'child_runs' },
    { type: 'command_accepted' },
  ]);
});

test('a broken command is refused once, with an explanation, and its file is removed', async () => {
  await using log = await tempLog();
  const worker = await stoppedWorker(log);
  await leaveCommand(log.paths, command({ kind: 'stop', when: 'now' }));
  // Later than the last one: within a millisecond the order is undefined.
  const id = ulid(Date.now() + 1000);
  await writeFile(join(log.paths.commands, `${id}.json`), '{"v":1,');
  await takeCommands(worker, 'no_agent');
  expect((await answers(log))[1]).toMatchObject({ id, kind: 'unreadable', code: 'bad_command' });
  expect(pendingCommandIds(log.paths)).toEqual([]);
});

test('a command of a newer samocode is refused as a whole, with the next step', async () => {
  await using log = await tempLog();
  const worker = await stoppedWorker(log);
  const stop = { ...command({ kind: 'stop', when: 'now' }, ulid(1)), softly: true };
  await leaveCommand(log.paths, stop);
  await takeCommands(worker, 'no_agent');
  expect(await answers(log)).toMatchObject([
    {
      id: stop.id,
      code: 'newer_command',
      message: expect.stringContaining('A newer samocode wrote this command (with an unknown kind or field)'),
      hint: expect.stringContaining('Stop the session and resume it'),
    },
  ]);
  expect(worker.writer.state.stopWanted).toBeUndefined();
  expect(pendingCommandIds(log.paths)).toEqual([]);
});

test('a command sees the changes of earlier ones', async () => {
  await using log = await tempLog();
  const worker = await stoppedWorker(log);
  await worker.writer.append(RESUMED);
  for (const at of [1, 2]) await leaveCommand(log.paths, command({ kind: 'stop', when: 'now' }, ulid(at)));
  await takeCommands(worker, 'no_agent');
  expect(await answers(log)).toMatchObject([{ type: 'command_accepted' }, { type: 'command_refused' }]);
  expect(worker.writer.state.status.kind).toBe('stopped');
});

test('a full disk delays the answers but loses none', async () => {
  await using log = await tempLog();
  const worker = await stoppedWorker(log);
  for (const at of [1, 2, 3]) await leaveCommand(log.paths, command({ kind: 'stop', when: 'now' }, ulid(at)));
  const disk = fullDisk({ atWrite: 1, bytes: 30 });
  const taken = takeCommands(worker, 'no_agent');
  await expect.poll(() => disk.failed(), { timeout: 30_000 }).toBe(true);
  expect(await answers(log)).toEqual([]);
  disk[Symbol.dispose]();
  await taken;
  expect(await answers(log)).toHaveLength(3);
});

test('a stop queued after a message takes effect at once on a full disk, and both are answered once in the end', async () => {
  await using log = await tempLog();
  const worker = await stoppedWorker(log);
  await worker.writer.append(RESUMED, STARTED);
  await leaveCommand(log.paths, command({ kind: 'message', text: 'm' }, ulid(1)));
  await leaveCommand(log.paths, command({ kind: 'stop', when: 'now' }, ulid(2)));
  {
    using _full = fullDisk({ atWrite: 1, bytes: 0 });
    for (let times = 0; times < 3; times += 1)
      expect(await takeCommandsMeanwhile(worker)).toEqual({ areLeft: true, stopsNow: true });
    expect(await answers(log)).toEqual([]);
  }
  expect(pendingCommandIds(log.paths)).toHaveLength(2);
  expect(await takeCommandsMeanwhile(worker)).toEqual({ areLeft: false, stopsNow: false });
  expect(worker.writer.state.stopWanted).toMatchObject({ when: 'now' });
  expect(await answers(log)).toMatchObject([{ kind: 'message' }, { kind: 'stop' }]);
  expect(pendingCommandIds(log.paths)).toEqual([]);
});

test('of a message that is withdrawn, the file is kept apart, and further withdrawals are refused', async () => {
  await using log = await tempLog();
  const worker = await stoppedWorker(log);
  const id = ulid(1);
  const text = `Mind the boats${'.'.repeat(300)}\nand the masts`;
  await leaveCommand(log.paths, command({ kind: 'message', text }, id));
  for (const time of [2, 3])
    await leaveCommand(log.paths, command({ kind: 'withdraw_message', message: id }, ulid(time)));
  await takeCommands(worker, 'agent_runs');
  expect(await readEvents(log.paths, STOPPED.length)).toMatchObject([
    { type: 'command_accepted' },
    { type: 'message_kept', id, line: `${text.slice(0, 199)}…` },
    { type: 'command_accepted', kind: 'withdraw_message' },
    { type: 'message_withdrawn', id, by: CLI, flow: `Message withdrawn by the human: ${id}` },
    { type: 'command_refused', kind: 'withdraw_message', code: 'message_withdrawn' },
  ]);
  expect(worker.writer.state.messages).toEqual({ waiting: [], unacknowledged: [] });
  expect(await readdir(log.paths.inbox)).toEqual([]);
  expect(log.paths.withdrawn).toContain(log.paths.runDir);
  const [name = ''] = await readdir(log.paths.withdrawn);
  expect(await readFile(join(log.paths.withdrawn, name), 'utf8')).toContain('Mind the boats');
});

test('a withdrawal that a full disk interrupted after the file was moved is recorded once in the end', async () => {
  await using log = await tempLog();
  const worker = await stoppedWorker(log);
  const id = ulid(1);
  await leaveCommand(log.paths, command({ kind: 'message', text: 'Mind the boats' }, id));
  await takeCommands(worker, 'no_agent');
  await leaveCommand(log.paths, command({ kind: 'withdraw_message', message: id }, ulid(2)));
  {
    using _full = fullDisk({ atWrite: 1, bytes: 0 });
    expect(await takeCommandsMeanwhile(worker)).toMatchObject({ areLeft: true });
    expect(await readdir(log.paths.inbox)).toEqual([]);
  }
  const next = await stoppedWorker(log);
  expect(next.writer.state.messages.waiting).toMatchObject([{ id, line: 'Mind the boats' }]);
  await takeCommands(next, 'no_agent');
  await takeCommands(await stoppedWorker(log), 'no_agent');
  const types = (await readEvents(log.paths, STOPPED.length)).map(({ type }) => type);
  expect(types).toEqual(['command_accepted', 'message_kept', 'command_accepted', 'message_withdrawn']);
  expect(await readdir(log.paths.withdrawn)).toHaveLength(1);
  expect(pendingCommandIds(log.paths)).toEqual([]);
});

test('a leftover file of an answered command is no longer queued, and is removed', async () => {
  await using log = await tempLog();
  const worker = await stoppedWorker(log);
  const again = command({ kind: 'stop', when: 'now' }, ulid(1));
  const fresh = command({ kind: 'stop', when: 'now' }, ulid(2));
  await leaveCommand(log.paths, again);
  await takeCommands(worker, 'no_agent');
  for (const each of [again, fresh]) await leaveCommand(log.paths, each);
  expect(await waitingCommandIds(worker)).toEqual([fresh.id]);
  expect(pendingCommandIds(log.paths)).toEqual([fresh.id]);
});

test('a command whose file cannot be read is refused with that reason, and later ones are taken', async () => {
  await using log = await tempLog();
  const worker = await stoppedWorker(log);
  await worker.writer.append(RESUMED);
  await rm(log.paths.sessionDir, { recursive: true, force: true });
  await writeFile(log.paths.sessionDir, 'no folder');
  await leaveCommand(log.paths, command({ kind: 'message', text: 'm' }, ulid(1)));
  await leaveCommand(log.paths, command({ kind: 'stop', when: 'now' }, ulid(2)));
  await takeCommands(worker, 'no_agent');
  const [refused, accepted] = await answers(log);
  expect(refused).toMatchObject({ type: 'command_refused', kind: 'message', code: 'file_refused' });
  expect(refused?.type === 'command_refused' && refused.message).toContain(`: ${log.paths.folder}/_inbox`);
  expect(accepted).toMatchObject({ type: 'command_accepted', kind: 'stop' });
  expect(pendingCommandIds(log.paths)).toEqual([]);
});

test('a message that cannot be kept on a full disk stays queued with the commands after it, and each is answered once', async () => {
  await using log = await tempLog();
  const worker = await stoppedWorker(log);
  await leaveCommand(log.paths, command({ kind: 'message', text: 'm' }, ulid(1)));
  await leaveCommand(log.paths, command({ kind: 'stop', when: 'now' }, ulid(2)));
  {
    using _disk = fullDisk({ atWrite: 1, bytes: 0 });
    await expect(takeCommands(worker, 'no_agent')).rejects.toThrow('ENOSPC');
    expect(pendingCommandIds(log.paths)).toHaveLength(2);
  }
  await takeCommands(worker, 'no_agent');
  expect(await answers(log)).toMatchObject([{ type: 'command_accepted' }, { type: 'command_refused' }]);
  expect(pendingCommandIds(log.paths)).toEqual([]);
});

test('a stop of a block that left an iteration open is answered at once', async () => {
  await using log = await tempLog();
  const worker = await stoppedWorker(log);
  await worker.writer.append(RESUMED, STARTED, {
    type: 'blocked',
    phase: 'investigation',
    reason: 'r',
    needs: 'error_resolution',
    rule: 'file_refused',
  });
  await leaveCommand(log.paths, command({ kind: 'stop', when: 'now' }));
  await takeCommands(worker, 'no_agent');
  expect(worker.writer.state).toMatchObject({ status: { kind: 'stopped' }, openIteration: { iteration: 1 } });
});
