import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stopSession } from '../../../../src/core/acts/sessions/stop-session.act.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { sessionFolders } from '../../../../src/core/session/folder/session-list.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { type Bench, makeBench } from '../../../support/bench.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { connect } from '../../../support/mcp-client.ts';

const TASK = { task: 'Name the boats' };

/** Starts a session as a chat does. @returns its folder, and what else the result says */
async function start(
  { context }: Pick<Bench, 'context'>,
  args: Record<string, unknown> = TASK,
): Promise<{ session: string; warnings: string }> {
  const actions = { ...context, by: { channel: 'tool', client: 'test-client' } as const };
  const { json, isError } = await askTool('start_session', args, actions);
  expect([isError, json]).toEqual([false, json]);
  return { session: String(json.session), warnings: JSON.stringify(json.warnings ?? []) };
}

test('a client that gives up on a start and asks again gets the session of its first call', ci, async () => {
  await using bench = await makeBench({ here: true });
  const limited = { ...TASK, limits: { iterations: 9, usd: 3 }, models: { planning: 'a', testing: 'b' } };
  const first = await start(bench, limited);
  expect(first.warnings).not.toContain('again');
  const sameInOtherOrder = {
    models: { testing: 'b', planning: 'a' },
    limits: { usd: 3, iterations: 9 },
    ...TASK,
  };
  const second = await start(bench, sameInOtherOrder);
  expect(second.session).toBe(first.session);
  expect(second.warnings).toMatch(
    /The same call started this session \d+ s ago, so no second one was started; options: \{again: true\} starts one\./,
  );
  expect(await sessionFolders(bench.sessionsDir)).toEqual([first.session]);
});

test('the same start from two servers at the same moment makes one session', ci, async () => {
  await using bench = await makeBench();
  const place = { cwd: bench.repo.path, env: bench.repo.env };
  await using one = await connect(place);
  await using other = await connect(place);
  const asked = [one, other, one, other].map((server) => server.ask('start_session', TASK));
  const sessions = (await Promise.all(asked)).map(({ session }) => session);
  expect(await sessionFolders(bench.sessionsDir)).toEqual([...new Set(sessions)]);
  expect(new Set(sessions).size).toBe(1);
});

test('a given name is refused for another start, and found by the same one', async () => {
  await using bench = await makeBench({ here: true });
  const named = { ...TASK, name: 'boats' };
  const calls = await Promise.all([start(bench, named), start(bench, named)]);
  expect(new Set(calls.map(({ session }) => session)).size).toBe(1);
  const { json } = await askTool('start_session', { ...named, task: 'Paint the boats' }, bench.context);
  expect(json.code).toBe('session_exists');
});

test('a start with again, with another task or setting, or from a terminal starts a new session', async () => {
  await using bench = await makeBench({ here: true });
  const first = await start(bench);
  const others = [
    await start(bench, { ...TASK, again: true }),
    await start(bench, { task: 'Name the boats.' }),
    await start(bench, { ...TASK, limits: { iterations: 9 } }),
    await start(bench, { ...TASK, auto_approve: true }),
  ];
  const folders = [first, ...others].map(({ session }) => session);
  expect(await sessionFolders(bench.sessionsDir)).toEqual(folders.sort());
  const { home, cwd, programs } = bench.context;
  await typed(['start', '--task', TASK.task], { home, cwd, programs, env: bench.repo.env });
  expect(await sessionFolders(bench.sessionsDir)).toHaveLength(6);
});

test('a session that was only prepared is found by the same start', async () => {
  await using bench = await makeBench({ here: true });
  const prepared = { ...TASK, start: false };
  const first = await start(bench, prepared);
  await eventually(async () => (await bench.view(first.session)).state.status.kind === 'stopped');
  expect((await start(bench, prepared)).session).toBe(first.session);
});

test('a plan whose text has changed is another start', async () => {
  await using bench = await makeBench({ here: true });
  const plan = join(bench.repo.root, 'boats.md');
  await writeFile(plan, '# Boats\n\n- [ ] Name them\n');
  const first = await start(bench, { plan });
  expect((await start(bench, { plan })).session).toBe(first.session);
  await writeFile(plan, '# Boats\n\n- [ ] Name them\n- [ ] Paint them\n');
  expect((await start(bench, { plan })).session).not.toBe(first.session);
});

test('after the first session has ended, or ten minutes later, the same start makes another one', async () => {
  await using bench = await makeBench({ here: true });
  const first = await start(bench);
  const minutesLater = (minutes: number) => {
    const now = () => systemClock.now() + minutes * 60_000;
    return start({ context: { ...bench.context, clock: { ...bench.context.clock, now } } });
  };
  expect((await minutesLater(9)).session).toBe(first.session);
  const later = await minutesLater(11);
  expect(later.session).not.toBe(first.session);
  for (const { session } of [first, later]) await stopSession({ session, when: 'now' }, bench.context);
  const restsAll = async () =>
    (await Promise.all([first, later].map(({ session }) => bench.view(session)))).every(
      ({ state }) => state.status.kind === 'stopped',
    );
  await eventually(restsAll);
  expect([first.session, later.session]).not.toContain((await start(bench)).session);
});

test.each(['before-session', 'after-session'])(
  'a server that dies %s is known leaves nothing that stops the same start',
  ci,
  async (point) => {
    await using bench = await makeBench();
    const { server } = await builtPrograms({}, { faults: true });
    const env = { ...bench.repo.env, SAMOCODE_CRASH_AT: point };
    const command = { command: process.execPath, args: [server] };
    await using dying = await connect({ cwd: bench.repo.path, env, command });
    await expect(dying.ask('start_session', TASK)).rejects.toThrow('Connection closed');
    const before = await sessionFolders(bench.sessionsDir);
    expect(before).toHaveLength(point === 'before-session' ? 0 : 1);
    const { session } = await start(bench);
    expect(await sessionFolders(bench.sessionsDir)).toEqual([session]);
    await eventually(async () => (await bench.view(session)).state.status.kind === 'waiting');
  },
);
