import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { RESOURCE_KINDS } from '../../../../src/app/server/resources/kinds.ts';
import { TOOLS } from '../../../../src/app/server/tools.ts';
import { statsAt } from '../../../../src/core/kernel/files/path-stats.ts';
import { supervisorPaths } from '../../../../src/core/sandbox/programs/supervisor-folder.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { type Connection, connect } from '../../../support/mcp-client.ts';
import { HANGS, type SessionRig, startRig } from '../../../support/session-rig.ts';
import { killSupervisors, supervisorPids } from '../../../support/supervisors.ts';
import { typed } from '../../unit/cli/typed.ts';

/** A session whose worker has died during an iteration, on a machine where a supervisor would be started. */
async function crashed(): Promise<SessionRig> {
  const rig = await startRig({ supervised: true, scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined, { leaveDead: true });
  // The agent beside its shell: without its worker, a shell that has not started it ends by itself.
  await eventually(async () => (await rig.processesWithMark()).length > 1, { what: 'the agent' });
  // A worker that was just started and has no lease yet would survive.
  await eventually(async () => (await supervisorPids(rig.repo.homeDir)).length > 0);
  await killSupervisors(rig.repo.homeDir);
  await rig.killWorker();
  for (const path of startTraces(rig)) await rm(path, { force: true });
  return rig;
}

/** Every start of a worker or a supervisor creates one of these, however soon it ends. */
function startTraces({ paths, repo, context }: SessionRig): string[] {
  const { errors, bell } = supervisorPaths(repo.homeDir, context().host);
  return [paths.workerErrors, errors, bell];
}

async function started(rig: SessionRig): Promise<unknown> {
  const traces = startTraces(rig).filter((path) => statsAt(path) !== undefined);
  return { traces, worker: await rig.workerPid(), supervisors: await supervisorPids(rig.repo.homeDir) };
}

const NOTHING = { traces: [], worker: undefined, supervisors: [] };

function open(rig: SessionRig, env: Record<string, string> = {}): Promise<Connection> {
  return connect({ cwd: rig.repo.path, env: { ...rig.repo.env, ...env } });
}

test('no tool that reads and no resource starts a process for a session with a dead worker', ci, async () => {
  await using rig = await crashed();
  const agents = (await rig.processesWithMark()).map(({ pid }) => pid);
  await using server = await open(rig, { SAMOCODE_REVIVE: 'off' });
  const session = rig.file.folder;
  for (const { name, annotations, input } of TOOLS) {
    if (!annotations.readOnlyHint) continue;
    const args = 'session' in input.shape ? { session } : {};
    await server.call(name, args);
  }
  const uris = Object.keys(RESOURCE_KINDS).map((kind) => `samocode://sessions/${session}/${kind}`);
  const reads = await Promise.allSettled(uris.map((uri) => server.client.readResource({ uri })));
  const read = uris.filter((_uri, index) => reads[index]?.status === 'fulfilled');
  expect(read).toContain(`samocode://sessions/${session}/overview`);
  const { resources } = await server.client.listResources();
  for (const { uri } of resources) await server.client.readResource({ uri });
  expect(await started(rig)).toEqual(NOTHING);
  const { json } = await server.call('get_status', { session });
  expect(json).toMatchObject({ worker: 'gone', next: 'resume_session' });
  expect((await rig.processesWithMark()).map(({ pid }) => pid)).toEqual(agents);
});

test('no command that reads, no doctor and no --dry-run starts a process for a session with a dead worker', async () => {
  await using rig = await crashed();
  const agents = (await rig.processesWithMark()).map(({ pid }) => pid);
  const name = rig.file.folder;
  const { path: cwd, homeDir: home, env } = rig.repo;
  const samocode = (...args: string[]) => typed(args, { cwd, home, env, programs: rig.context().programs });
  for (const args of [
    ['list', '--all'],
    ['status'],
    ['log', name],
    ['log', name, '--follow'],
    ['show', name],
    ['plan', name],
    ['answer', name, '--show'],
    ['diff', name],
    ['rewind', name],
    ['config'],
    ['doctor'],
    ['supervisor', '--status'],
    ['supervisor', '--install', '--dry-run'],
    ['install', '--dry-run', '--client', 'desktop'],
    ['uninstall', '--dry-run'],
  ]) {
    await samocode(...args);
    expect([args, await started(rig)]).toEqual([args, NOTHING]);
  }
  const { stdout } = await samocode('status', name, '--json');
  expect(JSON.parse(stdout)).toMatchObject({ worker: 'gone', needs_human: true });
  expect(await started(rig)).toEqual(NOTHING);
  expect((await rig.processesWithMark()).map(({ pid }) => pid)).toEqual(agents);
});

test('starting a client continues a session whose worker has died, and status says that one is starting or working', async () => {
  await using rig = await crashed();
  await using server = await open(rig);
  await rig.until(({ lease }) => lease > 1, { leaveDead: true });
  expect(await started(rig)).toMatchObject({ traces: startTraces(rig) });
  const { worker } = (await server.call('get_status', { session: rig.file.folder })).json;
  expect(['starting', 'working']).toContain(worker);
});

test.each([
  ['with SAMOCODE_REVIVE=off', { SAMOCODE_REVIVE: 'off' }],
  ['from inside a session', { SAMOCODE_SESSION: '01JH0000000000000000000000' }],
])('starting a client %s starts no process', async (_, env) => {
  await using rig = await crashed();
  await using server = await open(rig, env);
  // The server scans once at its start, long before it has answered three calls.
  for (let call = 1; call <= 3; call += 1) await server.call('list_sessions');
  expect(await started(rig)).toEqual(NOTHING);
});
