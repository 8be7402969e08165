// @module-tag ci
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sendAndAwait } from '../../../../src/core/caller/commands/await-command.ts';
import { pageKey } from '../../../../src/core/caller/facts/live-page.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import { pendingCommandIds } from '../../../../src/core/session/commands/commands.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { makeServerRig, type ServerRig } from '../../../app/unit/server/server-rig.ts';
import { eventually } from '../../../support/eventually.ts';
import { quickClock } from '../../../support/quick-clock.ts';
import { serveWeb } from '../../../support/web-rig.ts';
import { ASKING, CREATED, DONE, PREPARED } from '../../unit/session/events.ts';

const FOLDER = '26-01-08-boat';

const FAST = quickClock(1000);

/** A session, parked by default, and a worker program that takes no session. */
async function slowMachine(events: readonly NewEvent[] = [CREATED, PREPARED, ASKING]) {
  const serverRig = await makeServerRig();
  const paths = await serverRig.addSession(FOLDER, events);
  const started = join(serverRig.repo.root, 'started');
  const worker = join(serverRig.repo.root, 'worker.cjs');
  const note = `require('node:fs').appendFileSync(${JSON.stringify(started)}, process.pid + '\n');`;
  await writeFile(worker, `${note.replace('\n', '\\n')} setInterval(() => {}, 1000);`);
  const programs = { worker, rehearsal: worker };
  return {
    paths,
    programs,
    serverRig,
    async [Symbol.asyncDispose]() {
      const pids = ((await ifExists(readFile(started, 'utf8'))) ?? '').split('\n').filter(Boolean);
      for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
      await serverRig[Symbol.asyncDispose]();
    },
  };
}

const placeOf = ({ repo }: ServerRig) => ({
  cwd: repo.path,
  home: repo.homeDir,
  env: { SAMOCODE_SUPERVISOR: 'off' },
});

const context = ({ serverRig, programs }: Awaited<ReturnType<typeof slowMachine>>) => ({
  ...serverRig.context,
  clock: FAST,
  programs,
});

test('a stop that a suspended worker does not take says so, and what continues that worker', async () => {
  await using machine = await slowMachine([CREATED, PREPARED]);
  const { host } = machine.serverRig.context;
  await acquireLease(machine.paths.leases, { clock: systemClock, host });
  const read = async (pid: number) => {
    const entry = await host.processes.read(pid);
    return entry && { ...entry, state: 'T' };
  };
  const suspended = { ...host, processes: { ...host.processes, read } };
  const input = { session: FOLDER, when: 'now' };
  const { json } = await askTool('stop_session', input, { ...context(machine), host: suspended });
  const { pid } = process;
  expect(json).toMatchObject({
    summary: `Session 26-01-08-boat: the command "stop" is queued, and has no effect yet. Its worker does nothing: process ${pid} is suspended; "kill -CONT ${pid}" continues it. It takes effect then.`,
    pending: true,
  });
});

test.each([
  ['send_message', 'message', { text: 'Mind the boats' }],
  ['stop_session', 'stop', {}],
])('%s that no worker takes in time gives a result that says so, and no error', async (tool, kind, args) => {
  await using machine = await slowMachine();
  const { isError, json } = await askTool(tool, { session: FOLDER, ...args }, context(machine));
  expect({ isError, ...json }).toEqual({
    isError: false,
    summary: expect.stringMatching(
      `^Session 26-01-08-boat: the command "${kind}" is queued, and has no effect yet\\. It takes effect once a worker answers\\. Its worker, process \\d+, did not take the session within \\d+ s: it has used [\\d.]+ s of CPU time, none of it in the last \\d+ s\\.$`,
    ),
    next: 'to see whether it is done: get_status',
    session: FOLDER,
    state: 'waiting',
    pending: true,
  });
  expect(pendingCommandIds(machine.paths)).toHaveLength(1);
  const status = (await askTool('get_status', { session: FOLDER }, context(machine))).json;
  expect(status.worker).toBe('starting');
});

test.each([
  ['stop', ASKING, ['stop', 'boat']],
  ['message', ASKING, ['message', 'boat', 'Mind the boats']],
  ['archive', DONE, ['archive', 'boat', '--yes']],
])('a terminal leaves with 75 if no worker takes "%s", and says how to look', async (kind, event, argv) => {
  await using machine = await slowMachine([CREATED, PREPARED, event]);
  const place = { ...placeOf(machine.serverRig), programs: machine.programs, clock: FAST };
  const said = await typed(argv, place);
  expect(said).toMatchObject({ exitCode: 75, stderr: '' });
  expect(said.stdout).toMatch(
    `pending: Session ${FOLDER}: the command "${kind}" is queued, and has no effect yet.`,
  );
  expect(said.stdout).toMatch(/\n {2}to see whether it is done: samocode status boat\n$/);
  const { exitCode, stdout } = await typed([...argv, '--json'], place);
  expect([exitCode, JSON.parse(stdout)]).toEqual([
    75,
    {
      session: FOLDER,
      state: kind === 'archive' ? 'done' : 'waiting',
      pending: true,
      command: kind,
      summary: expect.stringContaining('takes effect once a worker answers'),
      next: 'to see whether it is done: samocode status boat',
      next_commands: ['to see whether it is done: samocode status boat'],
    },
  ]);
});

test('a start that stays queued names the state of its session, in a terminal and as a tool', async () => {
  await using machine = await slowMachine();
  const { programs, serverRig } = machine;
  // A worker that has claimed its session and gets no further.
  const stateDir = JSON.stringify(join(serverRig.repo.homeDir, '.local/state/samocode'));
  const claim = `const { readdirSync, existsSync, writeFileSync } = require('node:fs');
    for (const hash of readdirSync(${stateDir})) {
      const runDir = ${stateDir} + '/' + hash + '/' + process.argv[3];
      if (existsSync(runDir)) writeFileSync(runDir + '/events.jsonl', '');
    }\n`;
  await writeFile(programs.worker, `${claim}${await readFile(programs.worker, 'utf8')}`);
  const place = { ...placeOf(serverRig), programs, clock: FAST };
  const said = await typed(['start', '--task', 'Name the boats', '--provider', 'rehearsal', '--json'], place);
  expect([said.exitCode, JSON.parse(said.stdout)]).toMatchObject([75, { state: 'starting', pending: true }]);
  const input = { task: 'Paint the boats', provider: 'rehearsal' };
  const { json } = await askTool('start_session', input, context(machine));
  expect(json).toMatchObject({ state: 'starting', pending: true });
});

test('a command for a worker that holds the session and does not answer leaves with 75, and so does a run then', async () => {
  await using machine = await slowMachine();
  await acquireLease(machine.paths.leases, context(machine));
  const place = { ...placeOf(machine.serverRig), programs: machine.programs, clock: FAST };
  const said = await typed(['stop', 'boat'], place);
  expect(said).toMatchObject({ exitCode: 75, stderr: '' });
  expect(said.stdout).toContain('once a worker answers; none did within');
  expect(pendingCommandIds(machine.paths)).toHaveLength(1);
  const queued = /problems +1 command is queued and takes effect once a worker answers\./;
  expect(await typed(['status', 'boat'], place)).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(queued),
  });
  expect(await typed(['run', 'boat', '--no-ask'], place)).toMatchObject({ exitCode: 75 });
});

test('of several sessions, those whose worker does not answer are counted as not stopped, with status 75', async () => {
  await using machine = await slowMachine();
  await machine.serverRig.addSession('26-01-08-ship', [CREATED, PREPARED]);
  const place = { ...placeOf(machine.serverRig), programs: machine.programs, clock: FAST };
  expect(await typed(['stop', '--all'], place)).toMatchObject({ exitCode: 75 });
  const { json } = await askTool('stop_session', { group: '*' }, context(machine));
  expect(json).toMatchObject({ pending: true, summary: '0 sessions are stopping; 2 not stopped yet.' });
});

test('work that was accepted and is not seen to end is pending too', async () => {
  await using machine = await slowMachine();
  const { paths, serverRig } = machine;
  // The command is answered below, before its limit of five minutes.
  const at = { ...context(machine), clock: quickClock(20) };
  const view = (await readSession(paths, at.host)) ?? expect.fail('no session');
  // Expected before it can reject.
  const ended = expect(
    sendAndAwait(view, { kind: 'stop', when: 'now' }, ['stopped'], at),
  ).rejects.toMatchObject({
    code: 'pending',
    message: expect.stringContaining(
      'the command "stop" was accepted, and is not done yet. The worker carries it out; it did not end within 2 s.',
    ),
  });
  await eventually(async () => pendingCommandIds(paths).length === 1);
  const [id = ''] = pendingCommandIds(paths);
  const by = { channel: 'cli' } as const;
  await serverRig.addSession(FOLDER, [
    CREATED,
    PREPARED,
    ASKING,
    { type: 'command_accepted', id, kind: 'stop', by },
  ]);
  await ended;
});

test('the page shows it as neither done nor failed', async () => {
  await using machine = await slowMachine();
  // The token of the page must outlast its start.
  const clock = quickClock(100);
  await using web = await serveWeb({ ...context(machine), clock, by: { channel: 'cli' } });
  const { status, text } = await web.act(`/s/${pageKey(machine.paths)}/stop`, {});
  expect([status, text]).toEqual([
    202,
    expect.stringMatching(/"stop" is queued, and has no effect yet\.[\s\S]*: samocode status boat$/),
  ]);
});

test('a resume whose worker does not start says that the session was not continued yet', async () => {
  await using serverRig = await makeServerRig();
  await serverRig.addSession(FOLDER, [CREATED, PREPARED]);
  const worker = join(serverRig.repo.root, 'worker.cjs');
  await writeFile(worker, '');
  const context = { ...serverRig.context, clock: FAST, programs: { worker, rehearsal: worker } };
  const { isError, json } = await askTool('resume_session', { session: FOLDER }, context);
  expect({ isError, pending: json.pending, summary: json.summary }).toEqual({
    isError: false,
    pending: true,
    summary:
      'Session 26-01-08-boat was not continued yet. It continues once a worker answers. Its worker exited before it took the session.',
  });
});
