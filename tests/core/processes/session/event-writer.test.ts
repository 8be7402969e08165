// @module-tag ci
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, lstat, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { emptyState } from '../../../../src/core/session/events/state.ts';
import { isLogQuarantined, readEvents, readLog } from '../../../../src/core/session/log/event-log.ts';
import { EventWriter } from '../../../../src/core/session/log/event-writer.ts';
import { bundleScript } from '../../../support/bundle-script.ts';
import { plainLog, textOf } from '../../../support/event-samples.ts';
import { fullDisk } from '../../../support/failing-disk.ts';
import { createdEvent } from '../../../support/session-file-sample.ts';
import { notice, type TempLog, tempLog } from '../../../support/temp-log.ts';

const numbersOf = async (log: TempLog) => (await readEvents(log.paths, 0)).map(({ n }) => n);
const countFrom1 = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const acceptance = (id: string): NewEvent => {
  return { type: 'command_accepted', id, kind: 'message', by: { channel: 'cli' } };
};

test('after a log is cut at any byte and appended to, every complete event and the new one are read', async () => {
  const bytes = Buffer.from(textOf(plainLog(3).slice(0, 2)));
  await using log = await tempLog();
  for (let length = 0; length <= bytes.length; length += 1) {
    const cut = bytes.subarray(0, length);
    await log.overwrite(cut);
    const complete = cut.toString('latin1').split('\n').length - 1;
    const { writer } = await log.open();
    expect(writer.truncatedBytes).toBe(length - (cut.lastIndexOf('\n') + 1));
    const [event] = await writer.append(notice('new'));
    expect(event).toMatchObject({ n: complete + 1, type: 'notice' });
    expect(await numbersOf(log)).toEqual(countFrom1(complete + 1));
    writer[Symbol.dispose]();
  }
});

test('events are numbered without gaps across workers, each with its lease', async () => {
  await using log = await tempLog();
  for (const lease of [1, 2, 3]) {
    const { writer } = await log.open();
    const written = await writer.append(notice('a'), notice('b'));
    expect(written).toMatchObject([
      { lease, n: 2 * lease - 1 },
      { lease, n: 2 * lease },
    ]);
  }
  expect(await numbersOf(log)).toEqual(countFrom1(6));
  expect(await readLog(log.paths)).toMatchObject({ state: { n: 6, lease: 3 }, problems: [] });
});

test('an owner that has lost its lease cannot write', async () => {
  await using log = await tempLog();
  const { writer: old } = await log.open();
  await old.append(notice('old'));
  const { writer } = await log.open();
  await writer.append(notice('new'));
  const before = await log.bytes();
  await expect(old.append(notice('late'))).rejects.toMatchObject({ code: 'lease_lost' });
  // It would treat the new owner's events as foreign and cut them off.
  await expect(old.isChangedSince(old.mark())).rejects.toMatchObject({ code: 'lease_lost' });
  expect(await log.bytes()).toEqual(before);
  expect(old.state.n).toBe(1);
});

test('a late line of an old owner is removed before it takes a number', async () => {
  await using log = await tempLog();
  const { writer: old } = await log.open();
  const [event] = await old.append(notice('old'));
  const { writer } = await log.open();
  await appendFile(log.paths.events, textOf([{ ...event, n: 2, at: '2026-01-08T10:00:00.000Z' } as never]));
  const written = await writer.append(notice('new'));
  expect(written).toMatchObject([{ n: 2, lease: 2, type: 'notice', text: 'new' }]);
  expect(await log.lines()).toHaveLength(2);
  expect(await numbersOf(log)).toEqual([1, 2]);
});

test('an event forged while a worker runs is noticed and removed, and opens no gate', async () => {
  await using log = await tempLog();
  const { writer } = await log.open();
  await writer.append(notice('first'));
  const forged = { v: 1, n: 2, at: '2026-01-08T10:00:00.000Z', lease: 1, type: 'plan_approved' };
  const body = { by: { channel: 'cli' }, plan: { name: 'p', hash: 'h' }, phase: 'implementation' };
  const mark = writer.mark();
  await appendFile(log.paths.events, `${JSON.stringify({ ...forged, ...body })}\n`);
  expect(await writer.isChangedSince(mark)).toBe(true);
  await writer.append(notice('second'));
  expect(await writer.isChangedSince(mark), 'also after it was removed').toBe(true);
  expect(await writer.isChangedSince(writer.mark())).toBe(false);
  const { state } = (await readLog(log.paths)) ?? {};
  expect(state).toEqual(writer.state);
  expect(state?.approvedPlan).toBeUndefined();
});

test('the next worker ignores a forged cache', async () => {
  await using log = await tempLog();
  const { writer } = await log.open();
  await writer.append(notice('first'));
  writer.writeCache();
  const cache = JSON.parse(await readFile(log.paths.state, 'utf8'));
  cache.state.status = { kind: 'done', since: '2026-01-08T10:00:00.000Z', summary: 'forged' };
  await writeFile(log.paths.state, JSON.stringify(cache));
  const { writer: next } = await log.open();
  expect(next.state.status.kind).toBe('starting');
});

test('a log of a newer samocode is opened read-only', async () => {
  await using log = await tempLog();
  await log.overwrite(`${textOf(plainLog(2))}{"v":9,"n":3,"type":"of the future"}\n`);
  const before = await log.bytes();
  await expect(log.open()).rejects.toMatchObject({ code: 'newer_format' });
  expect(await log.bytes()).toEqual(before);
  expect((await readLog(log.paths))?.state.n).toBe(2);
});

test('earlier foreign lines are reported and not moved', async () => {
  await using log = await tempLog();
  const [first, second] = textOf(plainLog(2)).split('\n');
  await log.overwrite(`${first}\nhello\n${second}\n${first}\n`);
  const { writer } = await log.open();
  expect(writer.problems).toHaveLength(2);
  await writer.append(notice('new'));
  expect(await numbersOf(log)).toEqual([1, 2, 3]);
  expect(await log.lines()).toHaveLength(5);
});

test('an event that readers would reject is not written', async () => {
  await using log = await tempLog();
  const { writer } = await log.open();
  await writer.append(notice('first'));
  const unfit: NewEvent = { type: 'limited', until: Number.NaN, guessed: false, provider: 'x' };
  await expect(writer.append(notice('with it'), unfit)).rejects.toThrow('not fit to be written');
  expect(writer.state.n).toBe(1);
  await writer.append(notice('second'));
  expect(await numbersOf(log)).toEqual([1, 2]);
});

test("the writer's state equals the state that readers compute", async () => {
  await using log = await tempLog();
  const { writer } = await log.open();
  const loose: object = {
    type: 'notice',
    code: 'c',
    text: 't',
    flow: undefined,
    extra: 'than the schema',
  };
  await writer.append(createdEvent(), loose as NewEvent, acceptance('A'));
  expect((await readLog(log.paths, { useCache: false }))?.state).toEqual(writer.state);
});

test('the next worker knows every command that was answered, however old', async () => {
  await using log = await tempLog();
  const { writer } = await log.open();
  for (const id of countFrom1(200)) await writer.append(acceptance(`C${id}`));
  const { writer: next } = await log.open();
  expect([1, 100, 200].map((id) => next.isAnswered(`C${id}`))).toEqual([true, true, true]);
  expect(next.isAnswered('C201')).toBe(false);
});

const CUTS = [1, 2, 3, 4, 5].flatMap((atWrite) => [0, 1, 60, 1000].map((bytes) => ({ atWrite, bytes })));
test.each(CUTS)('a disk that fills at write $atWrite after $bytes bytes leaves a prefix', async (plan) => {
  await using log = await tempLog();
  const { writer } = await log.open();
  let written = 0;
  let state = emptyState();
  {
    using disk = fullDisk(plan);
    while (!disk.failed()) {
      state = writer.state;
      written = state.n;
      await writer.append(notice('a'), notice(`b ${'-'.repeat(200)}`)).catch(() => undefined);
    }
    expect(writer.state).toEqual(state);
    await expect(writer.append(notice('still full'))).rejects.toThrow('ENOSPC');
  }
  expect(await numbersOf(log)).toEqual(countFrom1(written));
  expect((await readLog(log.paths))?.state).toEqual(state);
  await writer.append(notice('freed'));
  expect(await numbersOf(log)).toEqual(countFrom1(written + 1));
  const { writer: next } = await log.open();
  expect(next.truncatedBytes).toBe(0);
});

test.each<[string, (log: TempLog) => Promise<unknown>]>([
  ['was deleted with its folder', (log) => rm(log.paths.runDir, { recursive: true })],
  ['was truncated', (log) => truncate(log.paths.events, 9)],
  [
    'was replaced by another file',
    async (log) => {
      await rename(log.paths.events, `${log.paths.events}.old`);
      await log.overwrite(textOf(plainLog(9)));
    },
  ],
])(
  'after a log %s while an agent runs, nothing is appended and readers reject what is left',
  async (_, harm) => {
    await using log = await tempLog();
    await log.overwrite(textOf(plainLog(3)));
    const { writer } = await log.open();
    await writer.append(notice('one'));
    await harm(log);
    await expect(writer.append(notice('three'))).rejects.toMatchObject({ code: 'file_rewritten' });
    expect(isLogQuarantined(log.paths)).toBe(true);
    expect(await readLog(log.paths)).toBeUndefined();
    // Any content placed there afterwards.
    await log.overwrite(textOf(plainLog(9)));
    await expect(writer.append(notice('three'))).rejects.toMatchObject({ code: 'file_rewritten' });
    expect(isLogQuarantined(log.paths)).toBe(true);
  },
);

test('a run folder that is moved away while no agent runs is not created again', async () => {
  await using log = await tempLog();
  const { writer, lease } = await log.open();
  // Handled at once: it may be rejected before the folder has its other name.
  const write = Promise.allSettled([writer.append(notice('one'))]);
  await rename(log.paths.runDir, `${log.paths.runDir}.away`);
  await write;
  await expect(lease.release()).resolves.toBeUndefined();
  expect(await ifExists(lstat(log.paths.runDir))).toBeUndefined();
});

test('a log with different bytes of the same length is noticed when it is read', async () => {
  await using log = await tempLog();
  const { writer } = await log.open();
  await writer.append(notice('one'));
  const mark = writer.mark();
  const bytes = (await log.bytes()).toString('utf8');
  await writeFile(log.paths.events, bytes.replace('one', 'two'));
  await expect(writer.isChangedSince(mark)).rejects.toMatchObject({ code: 'file_rewritten' });
  expect(isLogQuarantined(log.paths)).toBe(true);
});

test('a later worker detects whether the log before a recorded position has changed', async () => {
  await using log = await tempLog();
  const { writer: first } = await log.open();
  await first.append(notice('one'));
  const mark = first.mark();
  await first.append(notice('two'));
  expect(await first.isChangedSince(mark)).toBe(false);
  const { writer: second } = await log.open();
  expect(await second.isChangedSince({ ...mark })).toBe(false);
  const text = (await log.bytes()).toString('utf8');
  await log.overwrite(text.replace('"one"', '"ONE"'));
  const { writer: third } = await log.open();
  expect(await third.isChangedSince({ ...mark })).toBe(true);
});

test('a lost or unwritable cache causes no failure', async () => {
  await using log = await tempLog();
  const { writer } = await log.open();
  await rm(log.paths.runDir, { recursive: true });
  expect(() => writer.writeCache()).not.toThrow();
});

test('an owner without the lease cannot open a writer', async () => {
  await using log = await tempLog();
  const { lease } = await log.open();
  await log.overwrite(`${textOf(plainLog(1))}{"torn`);
  const before = await log.bytes();
  await log.open();
  await log.overwrite(before);
  await expect(EventWriter.open(log.paths, lease, systemClock)).rejects.toMatchObject({ code: 'lease_lost' });
  expect(await log.bytes()).toEqual(before);
});

test('a process at its file size limit stops after a whole event, and the next process continues', async () => {
  await using log = await tempLog();
  const script = await bundleScript('log-writer.ts', log.paths.sessionsDir);
  // In half kilobytes: the kernel itself cuts the last write short.
  const limited = `ulimit -f 9; exec "${process.execPath}" "$@"`;
  const { stdout } = spawnSync('sh', ['-c', limited, 'sh', script, log.paths.sessionsDir, log.paths.folder]);
  const { reply, again } = JSON.parse(String(stdout));
  expect(reply).toMatchObject({ error: 'EFBIG' });
  expect(again).toEqual(reply);
  expect(await numbersOf(log)).toEqual(countFrom1(reply.n));
  const { writer } = await log.open({ takeOver: true });
  expect(writer.truncatedBytes).toBe(0);
  await writer.append(notice('freed'));
  expect(await numbersOf(log)).toEqual(countFrom1(reply.n + 1));
});

test('a stopped process that resumes after a takeover writes nothing', async () => {
  await using log = await tempLog();
  const script = await bundleScript('log-writer.ts', log.paths.sessionsDir);
  const old = fork(script, [log.paths.sessionsDir, log.paths.folder], { execArgv: [] });
  await once(old, 'message');
  old.send('append');
  expect((await once(old, 'message'))[0]).toMatchObject({ n: 1 });
  old.kill('SIGSTOP');
  // The signal arrives while it is stopped, so that it acts as soon as it resumes.
  old.send('append');
  const { writer } = await log.open({ takeOver: true });
  await writer.append(notice('of the new owner'));
  const before = await log.bytes();
  const reply = once(old, 'message');
  old.kill('SIGCONT');
  expect((await reply)[0]).toMatchObject({ n: 1, error: 'lease_lost' });
  expect(await log.bytes()).toEqual(before);
  old.kill('SIGKILL');
});
