// @module-tag ci
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid, ulidToUUID } from 'ulid';
import { expect, test } from 'vitest';
import { outcomeOfAct } from '../../../../src/core/caller/commands/act-outcome.ts';
import { sendCommand } from '../../../../src/core/caller/commands/send-command.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { namesAt } from '../../../../src/core/kernel/files/path-stats.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { pendingCommandIds, requestPrint } from '../../../../src/core/session/commands/commands.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { ASKING, CREATED, PREPARED, writeEvents } from '../../unit/session/events.ts';

const ACT = '019b9d2e-7c00-7abc-8def-0123456789ab';
/** The same 128 bits. */
const ID = '01KEEJWZ00FAY8VVR14D2PF2DB';
const BY = { channel: 'web' } as const;
const MESSAGE = { kind: 'message', text: 'Mind the boats' } as const;

/** A session at a gate, whose worker exits before it takes anything. */
async function atGate(more: readonly (NewEvent & { more?: true })[] = []) {
  const dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await writeEvents(paths, [CREATED, PREPARED, ASKING, ...more]);
  const worker = join(dir.path, 'worker.cjs');
  await writeFile(worker, "require('./gone.cjs');");
  const context: ActionContext = {
    host: await systemHost(),
    clock: systemClock,
    env: {},
    home: dir.path,
    cwd: dir.path,
    by: BY,
    actId: ACT,
    programs: { worker, rehearsal: worker },
  };
  const outcome = (actId = ACT) => outcomeOfAct({ paths, folder: paths.folder }, actId);
  return { paths, context, outcome, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

const ACCEPTED = { type: 'command_accepted', id: ID, kind: 'message', by: BY } as const;
const KEPT: NewEvent = { type: 'message_kept', by: BY, id: ID, file: `01-08-1000-${ID}.md` };

test('an act of which nothing was kept is unknown', async () => {
  await using session = await atGate();
  expect(await session.outcome()).toEqual({ kind: 'unknown' });
});

test('an act whose caller died before a worker answered waits, under the id that the caller chose', async () => {
  await using session = await atGate();
  await expect(sendCommand(session.paths, MESSAGE, session.context)).rejects.toMatchObject({
    code: 'pending',
  });
  expect(pendingCommandIds(session.paths)).toEqual([ID]);
  expect(await session.outcome()).toEqual({ kind: 'waiting' });
  expect(await session.outcome('019b9d2e-7c00-7abc-8def-0123456789ac')).toEqual({ kind: 'unknown' });
});

test('an act that was sent twice before a worker answered is queued once', async () => {
  await using session = await atGate();
  const sent = [1, 2].map(() => sendCommand(session.paths, MESSAGE, session.context));
  await Promise.allSettled(sent);
  expect(pendingCommandIds(session.paths)).toEqual([ID]);
});

test('a recorded act is found with its time and its sentence, even while its file is still there', async () => {
  await using session = await atGate();
  await expect(sendCommand(session.paths, MESSAGE, session.context)).rejects.toMatchObject({
    code: 'pending',
  });
  const later: NewEvent = { type: 'notice', code: 'test', text: 'Something else' };
  await writeEvents(session.paths, [
    CREATED,
    PREPARED,
    ASKING,
    { ...ACCEPTED, more: true } as NewEvent,
    KEPT,
    later,
  ]);
  expect(pendingCommandIds(session.paths)).toEqual([ID]);
  expect(await session.outcome()).toMatchObject({
    kind: 'recorded',
    event: { n: 4, type: 'command_accepted', id: ID },
    at: '2026-01-08T10:00:03.000Z',
    sentence: `message ${ID} stored for the next agent`,
  });
});

test('the sentence of an act is not that of a later event', async () => {
  const later: NewEvent = { type: 'notice', code: 'test', text: 'Something else' };
  await using session = await atGate([ACCEPTED, later]);
  expect(await session.outcome()).toMatchObject({ kind: 'recorded', sentence: 'message accepted' });
});

test('a refused act is found with the recorded reason', async () => {
  const refused = { code: 'done', message: 'The session is done.', hint: 'Begin another.' };
  await using session = await atGate([
    { type: 'command_refused', id: ID, kind: 'message', by: BY, ...refused },
  ]);
  expect(await session.outcome()).toMatchObject({
    kind: 'refused',
    at: '2026-01-08T10:00:03.000Z',
    error: { code: 'done', why: 'The session is done.', hint: 'Begin another.' },
  });
});

test('an act that is sent again after its answer gets that answer, and leaves no second command', async () => {
  await using session = await atGate([ACCEPTED, KEPT]);
  expect(await sendCommand(session.paths, MESSAGE, session.context)).toBe(4);
  expect(namesAt(session.paths.commands) ?? []).toEqual([]);
});

test('an id that belongs to an earlier command of another kind is refused', async () => {
  await using session = await atGate([ACCEPTED, KEPT]);
  const approval = sendCommand(session.paths, { kind: 'approve' }, session.context);
  await expect(approval).rejects.toMatchObject({ code: 'act_id_used' });
  expect(namesAt(session.paths.commands) ?? []).toEqual([]);
});

test('an id that belongs to an earlier command with another text is refused, and the same text gets its answer', async () => {
  const request = requestPrint({ v: 1, id: ID, by: BY, at: '2026-01-08T10:00:00.000Z', ...MESSAGE });
  await using session = await atGate([{ ...ACCEPTED, request }, KEPT]);
  const other = sendCommand(session.paths, { ...MESSAGE, text: 'Mind the oars' }, session.context);
  await expect(other).rejects.toMatchObject({ code: 'act_id_used' });
  expect(await sendCommand(session.paths, MESSAGE, session.context)).toBe(4);
  expect(namesAt(session.paths.commands) ?? []).toEqual([]);
});

test('an act that is sent again gets its answer, however many commands came after it', async () => {
  const later = Array.from({ length: 200 }, (): NewEvent => ({ ...ACCEPTED, id: ulid() }));
  await using session = await atGate([ACCEPTED, KEPT, ...later]);
  expect(await sendCommand(session.paths, MESSAGE, session.context)).toBe(4);
  expect(namesAt(session.paths.commands) ?? []).toEqual([]);
});

test.each([
  '',
  ID,
  '../../../../../../../../../../tmp/x',
  `${ACT}/..`,
  ` ${ACT}`,
  `${ACT}\n`,
  `${ACT}\0`,
  ACT.replaceAll('-', ''),
  `{${ACT}}`,
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  'f47ac10b-58cc-4372-a567-0e02b2c3d479',
  `${ACT}${'a'.repeat(10_000)}`,
])('an id that is not a UUID of version 7 is refused, and names no file: %j', async (actId) => {
  await using session = await atGate();
  const { paths, context, outcome } = session;
  const sent = sendCommand(paths, MESSAGE, { ...context, actId });
  await expect(sent).rejects.toMatchObject({ code: 'act_id_malformed' });
  await expect(outcome(actId)).rejects.toMatchObject({ code: 'act_id_malformed' });
  expect(namesAt(paths.commands) ?? []).toEqual([]);
});

test('an id means the same in capital letters', async () => {
  await using session = await atGate([ACCEPTED, KEPT]);
  expect(ulidToUUID(ID)).toBe(ACT.toUpperCase());
  expect(await session.outcome(ACT.toUpperCase())).toMatchObject({ kind: 'recorded' });
});
