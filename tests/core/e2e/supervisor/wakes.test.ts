import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'vitest';
import { type Command, leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker, noticedBy, nowOf, supervisorPids, triggerScan } from '../../../support/supervisors.ts';

const DEAD = { leaveDead: true };

/** A session at its first gate, after its worker has exited and the supervisor has read its state. */
async function waitingRig(): Promise<SessionRig> {
  const rig = await startRig({ supervised: true, at: 'asking' });
  const { n } = await rig.state();
  // It finds nothing to do, and leaves the session to a supervisor.
  await rig.launch();
  await eventually(async () => (await rig.events(n)).some(({ type }) => type === 'worker_left'), {
    what: 'the exit of its worker',
  });
  await endOfWorker(rig);
  await eventually(async () => (await nowOf(rig))?.sessions[0]?.state === 'waiting', {
    what: 'now.json of the supervisor',
  });
  return rig;
}

const answered = (text: string): string => text.replace(/^(?:\*\*)?Answer:.*$/gm, (line) => `${line} A`);
const marked = (text: string): string => text.replace(/^Status: .*$/m, 'Status: answered');
const messages = async (rig: SessionRig, after?: number) =>
  (await rig.events(after)).filter(({ type }) => type === 'message_kept');

test.concurrent(
  'a session that waits for answers has no worker; its supervisor starts one for a command, and for answers in the file once they are complete',
  ci,
  async ({ expect }) => {
    await using rig = await waitingRig();
    await leave(rig, '01KEE000000000000000000001');
    await triggerScan(rig);
    await eventually(async () => (await rig.view()).pendingCommands.length === 0, { what: 'the command' });
    expect(await messages(rig), 'a command that was queued without a worker').toHaveLength(1);
    await endOfWorker(rig);
    expect(await rig.workerPid()).toBeUndefined();
    expect(await supervisorPids(rig.repo.homeDir)).toHaveLength(1);

    const text = await readFile(rig.paths.qa, 'utf8');
    const { n } = await rig.state();
    // An empty answer in the middle: the answers stay incomplete.
    const half = marked(answered(text).replace(/ A$/m, ''));
    await writeFile(rig.paths.qa, half);
    // The sentinel: a later command is taken, the incomplete answers are not.
    await leave(rig, '01KEE000000000000000000002');
    await eventually(async () => (await messages(rig, n)).length > 0, {
      what: 'the message',
      withinMs: 480_000,
    });
    expect((await rig.state()).answers, 'half of the answers').toEqual([]);
    expect(await readFile(rig.paths.qa, 'utf8'), 'half of the answers').toBe(half);
    await writeFile(rig.paths.qa, marked(answered(text)));
    await rig.until(({ answers }) => answers.length > 0, DEAD);
  },
);

test.concurrent('a phase that a person writes into the overview starts the session', async () => {
  await using rig = await waitingRig();
  const text = await readFile(rig.paths.overview, 'utf8');
  await writeFile(rig.paths.overview, text.replace(/^(.*Phase:\**\s*)\w+$/m, '$1investigation'));
  await eventually(async () => (await rig.events()).some(({ type }) => type === 'phase_set'), {
    what: 'the phase',
    withinMs: 480_000,
  });
});

test.concurrent('a session continues when its usage limit ends', ci, async () => {
  const rules = [{ when: { iteration: 1 }, do: [{ act: 'limit', resetsInSeconds: 3600 }] }];
  await using rig = await startRig({ supervised: true, scenario: { rules } });
  const { status } = await rig.until(({ status: { kind } }) => kind === 'limited', DEAD);
  await endOfWorker(rig);
  if (status.kind !== 'limited') throw new Error('It is not limited.');
  const log = await readFile(rig.paths.events, 'utf8');
  await writeFile(rig.paths.events, log.replaceAll(String(status.until), String(Date.now() + 2000)));
  await triggerScan(rig);
  // The account itself stays limited in the record that all sessions share.
  await eventually(async () => (await rig.events()).some(({ type }) => type === 'went_on'), {
    what: 'its next worker',
  });
});

// Alone: it kills workers faster than a busy machine may start them.
test('a killed worker is replaced until a crash loop is detected', async ({ expect }) => {
  await using rig = await startRig({
    supervised: true,
    scenario: { rules: [{ when: {}, do: [{ act: 'hang' }] }] },
  });
  await rig.until(({ openIteration }) => openIteration !== undefined, DEAD);
  const killed = new Set<number>();
  const isCrashLoop = async () => (await nowOf(rig))?.sessions[0]?.person === 'crash_loop';
  await eventually(
    async () => {
      const pid = await rig.killWorker();
      if (pid !== undefined) killed.add(pid);
      return await isCrashLoop();
    },
    { what: 'the crash loop' },
  );
  expect(killed.size).toBe(4);
  expect((await noticedBy(rig)).filter((id) => id.includes(':crash_loop:'))).toHaveLength(1);
  await rig.resume();
  await eventually(async () => (await nowOf(rig))?.sessions[0]?.person === undefined, {
    what: 'the end of the crash loop',
  });
});

async function leave(rig: SessionRig, id: string): Promise<void> {
  const head = { v: 1, id, by: { channel: 'file' }, at: new Date().toISOString() };
  await leaveCommand(rig.paths, { ...head, kind: 'message', text: 'Hello' } as Command);
}
