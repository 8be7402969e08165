import { existsSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readDocument } from '../../../../src/core/acts/reading/read-document.act.ts';
import { stopSession } from '../../../../src/core/acts/sessions/stop-session.act.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { stateRoot } from '../../../../src/core/kernel/config-folder.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import {
  registerSessions,
  supervisorPaths,
} from '../../../../src/core/sandbox/programs/supervisor-folder.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import {
  earlierRunRoot,
  type SessionPaths,
  sessionPaths,
} from '../../../../src/core/session/layout/paths.ts';
import {
  bringLog,
  readAllElsewhere,
  readElsewhere,
} from '../../../../src/extensions/import/bring-log.act.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { bundleScript } from '../../../support/bundle-script.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { endSessionsBelow } from '../../../support/live-session.ts';
import { makeProject, type TempProject } from '../../../support/project.ts';
import { createdEvent, sessionFileSample } from '../../../support/session-file-sample.ts';
import { startRig } from '../../../support/session-rig.ts';
import { startSession } from '../../../support/start-session.ts';
import { endProcessesOf, killSupervisors, SUPERVISED } from '../../../support/supervisors.ts';

const FOLDER = '26-01-08-carried';

/** A new folder on another disk than that of temporary files. */
async function tempDirAt(disk: string): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(disk, 'samocode-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

interface Carried extends AsyncDisposable {
  project: TempProject;
  /** Its run folder is where earlier versions kept it. */
  carried: SessionPaths;
  canary: string;
}

/** A project whose SESSIONS has a session of somebody else: queued, without a sandbox, and with a SETUP. */
async function carry(planted: readonly object[] = []): Promise<Carried> {
  const { worker, rehearsal } = await builtPrograms();
  const project = await makeProject({ env: SUPERVISED, acting: { programs: { worker, rehearsal } } });
  const { repo, sessionsDir, worktreesDir, context } = project;
  const canary = join(repo.root, 'canary');
  const sample = sessionFileSample();
  const file = {
    ...sample,
    ...{ folder: FOLDER, sessionsDir, worktreesDir, mainRepo: repo.path, startKey: 'a', order: { at: 1 } },
    configPath: join(repo.path, '.samocode'),
    settings: { ...sample.settings, sandbox: 'off' as const, setup: `echo ran >> '${canary}'`, base: 'main' },
  };
  const runDir = join(earlierRunRoot(sessionsDir), FOLDER);
  const carried = sessionPaths(sessionsDir, FOLDER, false, runDir);
  const events: NewEvent[] = [
    createdEvent(file),
    { type: 'queued', reason: 'starts later', order: { at: 1 } },
  ];
  await mkdir(carried.commands, { recursive: true });
  await mkdir(carried.sessionDir, { recursive: true });
  await writeFile(carried.overview, '# Boats\n');
  await writeFile(carried.sessionFile, JSON.stringify(file));
  const lines = events.map((event, at) =>
    JSON.stringify({ v: 2, n: at + 1, at: '2026-01-08T10:00:00.000Z', lease: 1, ...event }),
  );
  await writeFile(carried.events, `${lines.join('\n')}\n`);
  for (const [at, command] of planted.entries()) {
    const id = `01KEE${String(at).padStart(21, '0')}`;
    const envelope = { v: 1, id, by: { channel: 'cli' }, at: '2026-01-08T10:00:00.000Z' };
    await writeFile(join(carried.commands, `${id}.json`), JSON.stringify({ ...envelope, ...command }));
  }
  await registerSessions(supervisorPaths(context.home, context.host), sessionsDir, context.clock);
  return {
    ...{ project, carried, canary },
    async [Symbol.asyncDispose]() {
      await killSupervisors(repo.homeDir);
      await endSessionsBelow(sessionsDir, context.host);
      await endProcessesOf(repo.homeDir);
      await repo[Symbol.asyncDispose]();
    },
  };
}

const PLANTED = [{ kind: 'resume' }, { kind: 'message', text: 'Do that' }];

test(
  'no worker starts for a session whose run folder lies in SESSIONS, until a person has imported it without what waits there',
  ci,
  async () => {
    await using here = await carry(PLANTED);
    const { context } = here.project;
    const scenario = join(here.project.repo.root, 'scenario.json');
    await writeFile(scenario, JSON.stringify({ paceMs: 0, rules: [] }));
    const starting = { ...context, env: { ...context.env, REHEARSAL_SCENARIO: scenario } };
    const own = await startSession({ task: 'Give every boat a name', name: 'own' }, starting);
    // A scan of the supervisor that has seen both.
    const { now } = supervisorPaths(context.home, context.host);
    await eventually(async () => (await readFile(now, 'utf8')).includes(own.view.folder), {
      what: 'a scan of the supervisor',
    });
    expect((await readdir(here.carried.runDir)).sort()).toEqual(['commands', 'events.jsonl', 'session.json']);
    expect(existsSync(here.canary)).toBe(false);
    const found = (await readElsewhere({ session: FOLDER }, context)) ?? expect.fail();
    expect(found.lines.join('\n')).toContain(`SETUP: echo ran >> '${here.canary}'`);
    expect(found.lines.join('\n')).toContain('"kind":"message"');
    await bringLog(found, context);
    await eventually(async () => existsSync(here.canary), { what: 'its SETUP, once it is imported' });
    const { sessionsDir } = here.carried;
    // An older version can make nothing there.
    expect(await readFile(here.carried.runDir, 'utf8')).toContain('.local/state/samocode');
    const log = await readFile(sessionPaths(sessionsDir, FOLDER).events, 'utf8');
    expect(log).toContain('"queued"');
    expect(log).not.toContain('Do that');
  },
);

test('its documents are read, and every act on it is refused with the command that imports it, and leaves nothing', async () => {
  await using here = await carry();
  const { context, repo } = here.project;
  const before = await readdir(here.carried.sessionsDir, { recursive: true });
  const place = { cwd: repo.path, home: repo.homeDir };
  const read = await readDocument({ session: 'carried', name: '_overview.md' }, context);
  expect(read).toMatchObject({ text: expect.stringContaining('# Boats') });
  const lines = [
    ['resume', 'carried'],
    ['stop', 'carried'],
    ['message', 'carried', 'Hello'],
    ['answer', 'carried', 'Q1=A'],
    ['approve', 'carried', '--yes', '--hash', 'abc'],
    ['changes', 'carried', 'No'],
    ['finish', FOLDER, '--keep-branch', '--yes'],
    ['archive', FOLDER, '--yes'],
    ['rewind', FOLDER, '--to', '1', '--yes'],
    ['services', 'carried', 'up'],
    ['verify', 'carried'],
  ];
  for (const line of lines) {
    const { exitCode, stderr } = await typed(line, place);
    expect([line[0], exitCode, stderr]).toEqual([line[0], 1, expect.stringContaining('--with-its-log')]);
  }
  const tools = [
    ['resume_session', {}],
    ['stop_session', {}],
    ['send_message', { text: 'Hello' }],
    ['answer_qa', { answers: { Q1: 'A' } }],
    ['approve_plan', { hash: 'abcdabcd' }],
    ['request_changes', { feedback: 'No' }],
    ['finish_session', { how: 'keep_branch' }],
    ['rewind_session', { to: 1 }],
  ] as const;
  for (const [tool, args] of tools) {
    const by = { channel: 'tool', client: 'test' } as const;
    const { isError, json } = await askTool(tool, { session: FOLDER, ...args }, { ...context, by });
    expect([tool, isError, json.code]).toEqual([tool, true, 'log_elsewhere']);
  }
  expect(await readdir(here.carried.sessionsDir, { recursive: true })).toEqual(before);
});

test('list and status show it with what imports it, and a script that would do so exits with 4', async () => {
  await using here = await carry(PLANTED);
  const { context, repo } = here.project;
  const place = { cwd: repo.path, home: repo.homeDir };
  const listed = JSON.parse((await typed(['list', '--json'], place)).stdout);
  expect(listed.sessions).toMatchObject([{ session: FOLDER, condition: 'elsewhere', needs_human: false }]);
  expect(listed.unimported).toBeUndefined();
  expect((await typed(['status', 'carried'], place)).stdout).toContain('--with-its-log');
  for (const line of [
    ['import', 'carried', '--with-its-log'],
    ['import', '--with-its-log'],
  ]) {
    const { exitCode, stdout } = await typed(line, place);
    expect([exitCode, stdout]).toEqual([4, expect.stringContaining(`SETUP: echo ran >> '${here.canary}'`)]);
  }
  const found = (await readElsewhere({ session: FOLDER }, context)) ?? expect.fail();
  const byModel = { ...context, by: { channel: 'tool' } as const };
  await expect(bringLog(found, byModel)).rejects.toMatchObject({ code: 'import_needs_person' });
  const no = await typed(['import', '--with-its-log'], { ...place, says: ['n'] });
  expect([no.exitCode, (await readAllElsewhere({}, context)).map(({ print }) => print)]).toEqual([
    0,
    [found.print],
  ]);
  const yes = await typed(['import', '--with-its-log'], { ...place, says: ['y'] });
  expect(yes.stdout).toContain('1 session imported');
  expect(await readElsewhere({ session: FOLDER }, context)).toBeUndefined();
});

test('a worker that is started by hand on it exits and makes nothing', async () => {
  await using here = await carry(PLANTED);
  const { context, sessionsDir, repo } = here.project;
  const args = [context.programs.worker, sessionsDir, FOLDER];
  const { exitCode } = await runCommand(process.execPath, args, { env: repo.env });
  expect(exitCode).toBe(1);
  expect(
    [here.canary, here.carried.leases, sessionPaths(sessionsDir, FOLDER).runDir].map(existsSync),
  ).toEqual([...[false, false, false]]);
});

test('what changed since it was shown is not imported', async () => {
  await using here = await carry();
  const { context } = here.project;
  const found = (await readElsewhere({ session: FOLDER }, context)) ?? expect.fail();
  const text = await readFile(here.carried.events, 'utf8');
  await writeFile(here.carried.events, text.replaceAll('echo ran', 'echo Ran'));
  await expect(bringLog(found, context)).rejects.toMatchObject({ code: 'log_changed' });
  await writeFile(here.carried.events, text);
  await bringLog(found, { ...context, env: { ...context.env, SAMOCODE_SUPERVISOR: 'off' } });
  expect(await readElsewhere({ session: FOLDER }, context)).toBeUndefined();
});

test('a living worker there is shown, can be stopped, and keeps the session from being imported', async () => {
  await using here = await carry();
  const { context, sessionsDir } = here.project;
  const { leases, commands } = here.carried;
  const lease = await acquireLease(leases, { clock: systemClock, host: context.host });
  const view = (await readSession(sessionPaths(sessionsDir, FOLDER), context.host)) ?? expect.fail();
  expect([view.otherBuild?.is, view.worker, view.problems.join()]).toEqual([
    ...['elsewhere', 'alive', expect.stringContaining(`process ${process.pid}, still runs`)],
  ]);
  expect(await readAllElsewhere({}, context)).toEqual([]);
  const found = (await readElsewhere({ session: FOLDER }, context)) ?? expect.fail();
  await expect(bringLog(found, context)).rejects.toMatchObject({ code: 'lease_held' });
  const stopped = stopSession({ session: FOLDER, when: 'now' }, context);
  const left = await eventually(async () => (await readdir(commands).catch(() => []))[0], {
    what: 'the command',
  });
  // The format that every version reads.
  expect(JSON.parse(await readFile(join(commands, left), 'utf8'))).toMatchObject({
    v: 1,
    kind: 'stop',
    when: 'now',
  });
  await lease.release();
  expect((await stopped).outcome).toBe('stopped');
});

test('a session whose SESSIONS was moved is found and continued, and a copy that is left behind is not', async () => {
  await using rig = await startRig({ at: 'resting' });
  const { sessionsDir, folder } = rig.paths;
  const moved = `${sessionsDir}-moved`;
  await rename(sessionsDir, moved);
  const there = sessionPaths(moved, folder);
  const view = await readSession(there, rig.context().host);
  expect(view?.otherBuild).toEqual({ is: 'elsewhere', trace: rig.paths.runDir });
  await mkdir(join(sessionsDir, folder), { recursive: true });
  expect(await readSession(there, rig.context().host)).toBeUndefined();
});

test.each([
  ['log-taken', 'on the same disk'],
  ['log-replaced', 'on the same disk'],
  ['log-taken', 'on another disk'],
  ['log-replaced', 'on another disk'],
  ['log-copied', 'on another disk'],
])('an import that dies at %s, %s, is repeated and loses nothing', ci, async (point, disk) => {
  await using here = await carry(PLANTED);
  const { project, carried } = here;
  const { repo, sessionsDir, context } = project;
  await using far = await tempDirAt('/dev/shm');
  const state = stateRoot(repo.homeDir);
  await rm(state, { recursive: true, force: true });
  if (disk === 'on another disk') {
    await mkdir(dirname(state), { recursive: true });
    await symlink(far.path, state);
  }
  const log = await readFile(carried.events, 'utf8');
  const program = await bundleScript('bring-log-starter.ts', repo.root, { faults: true });
  const bring = (at: string) =>
    runCommand(process.execPath, [program, sessionsDir, FOLDER], {
      env: { ...repo.env, SAMOCODE_CRASH_AT: at, TMPDIR: dirname(repo.root) },
    });
  const died = await bring(point);
  expect([died.exitCode, died.stderr]).toEqual([null, '']);
  const paths = sessionPaths(sessionsDir, FOLDER);
  const isThere = existsSync(paths.runDir);
  // In one place or in the other, and never a run folder where an older version looks, once it is taken.
  expect([point, isThere]).toEqual([point, point === 'log-copied']);
  expect((await lstat(carried.runDir).catch(() => undefined))?.isDirectory() ?? false).toBe(false);
  expect((await bring('')).exitCode).toBe(0);
  expect(await readFile(paths.events, 'utf8')).toBe(log);
  const view = (await readSession(paths, context.host)) ?? expect.fail();
  expect([view.otherBuild, view.pendingCommands, view.state.status.kind]).toEqual([undefined, [], 'queued']);
});
