import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { cp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { supervisorEnvironment, watchOver } from '../../../../src/core/sandbox/programs/launch-supervisor.ts';
import { registerSessions } from '../../../../src/core/sandbox/programs/supervisor-folder.ts';
import { type SessionPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { makeProject, type TempProject } from '../../../support/project.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import {
  endOfWorker,
  endProcessesOf,
  killSupervisors,
  SUPERVISED,
  supervisorOf,
  supervisorPids,
} from '../../../support/supervisors.ts';
import { ASKING, CREATED, DONE, PREPARED, writeEvents } from '../../unit/session/events.ts';

const DEAD = { leaveDead: true };
const ROUNDS = Number(process.env.SAMOCODE_ROUNDS ?? 4);

interface Watched extends AsyncDisposable {
  project: TempProject;
  session: SessionPaths;
  program: string;
  env: Record<string, string>;
  /** Run by this program, like a worker that parks its session. */
  park(program?: string): Promise<void>;
  pids(): Promise<number[]>;
  version(): Promise<string>;
}

/** A waiting session, made only of files, and the supervisor of its home. */
async function watched(minutes = '10', program?: string): Promise<Watched> {
  const { worker } = await builtPrograms();
  const built = program ?? join(dirname(worker), 'supervisor.cjs');
  const project = await makeProject();
  const { repo, context, sessionsDir } = project;
  const env = { ...repo.env, ...SUPERVISED, SAMOCODE_SUPERVISOR_MINUTES: minutes };
  const session = sessionPaths(sessionsDir, '26-01-08-x');
  const { home, host, clock } = context;
  await writeEvents(session, [CREATED, PREPARED, ASKING], clock.now());
  return {
    ...{ project, session, env, program: built },
    park: async (by = built) => {
      await watchOver({ program: by, env, home, host, clock, sessionsDir });
    },
    pids: () => supervisorPids(repo.homeDir),
    version: async () => JSON.parse(await readFile((await supervisorOf(project)).about, 'utf8')).version,
    async [Symbol.asyncDispose]() {
      await endProcessesOf(repo.homeDir);
      await repo[Symbol.asyncDispose]();
    },
  };
}

async function one(here: Watched, but?: number): Promise<number> {
  return await eventually(
    async () => {
      const [pid, ...more] = await here.pids();
      return more.length === 0 && pid !== but && pid;
    },
    { what: 'one supervisor' },
  );
}

test.concurrent('of several supervisors started at once, one remains', ci, async () => {
  await using here = await watched();
  const { sessionsDir, context } = here.project;
  await registerSessions(await supervisorOf(here.project), sessionsDir, context.clock);
  const env = supervisorEnvironment(here.env, context.home);
  const started = Array.from({ length: 4 }, () => spawn(process.execPath, [here.program], { env }));
  let ended = 0;
  for (const each of started) void once(each, 'exit').then(() => (ended += 1));
  await eventually(async () => ended === 3, { what: 'the end of all others' });
  const pid = await one(here);
  expect(started.map((each) => each.pid)).toContain(pid);
});

test.runIf(existsSync('/dev/full'))('a supervisor whose log cannot be written keeps running', async () => {
  await using here = await watched();
  const { sessionsDir, context } = here.project;
  await registerSessions(await supervisorOf(here.project), sessionsDir, context.clock);
  // It has a line to log: a worker is started.
  await writeEvents(here.session, [CREATED, PREPARED]);
  const env = supervisorEnvironment(here.env, context.home);
  const full = openSync('/dev/full', 'w');
  const { pid } = spawn(process.execPath, [here.program], { env, stdio: ['ignore', 'ignore', full] });
  closeSync(full);
  await eventually(async () => (await stat(here.session.workerErrors)).isFile(), { what: 'a worker' });
  await systemClock.sleep(500);
  expect(await here.pids()).toEqual([pid]);
});

test.concurrent(`a supervisor always watches, even if a session is parked while another one leaves, ${ROUNDS} times`, async () => {
  await using here = await watched('0.01');
  await here.park();
  await one(here);
  for (let round = 0; round < ROUNDS; round += 1) {
    await writeEvents(here.session, [CREATED, PREPARED, ASKING, DONE]);
    await here.park();
    // It leaves 600 ms after a scan in which nothing waited.
    await systemClock.sleep(550 + Math.random() * 350);
    await writeEvents(here.session, [CREATED, PREPARED, ASKING]);
    await here.park();
    await systemClock.sleep(1000);
    await one(here);
  }
});

test.concurrent('a supervisor whose program file was replaced starts the new one', async () => {
  const { worker } = await builtPrograms();
  const scratch = await makeProject();
  await using _repo = scratch.repo;
  const folder = join(scratch.repo.root, 'programs');
  await cp(dirname(worker), folder, { recursive: true });
  await using here = await watched('10', join(folder, 'supervisor.cjs'));
  await here.park();
  const pid = await one(here);
  const newer = join(scratch.repo.root, 'newer');
  const args = ['scripts/build.mjs', '--outdir', newer, '--version', '0.0.1'];
  await promisify(execFile)(process.execPath, args);
  for (const name of ['background.cjs', 'supervisor.cjs'])
    await rename(join(newer, name), join(folder, name));
  await here.park();
  await one(here, pid);
  await eventually(async () => (await here.version()) === '0.0.1', { what: 'the new version' });
});

test.concurrent(
  'a killed supervisor is replaced by the next act, and by the next worker that parks',
  ci,
  async () => {
    const untilGo = { act: 'run', command: ['sh', '-c', 'until [ -e "$HOME/go" ]; do sleep 0.02; done'] };
    const rules = [{ when: { questions: 'answered' }, do: [untilGo, { act: 'normal' }] }];
    await using rig = await startRig({ supervised: true, scenario: { rules } });
    await rig.untilWaiting('qa_answers', DEAD);
    await endOfWorker(rig);
    expect(await killSupervisors(rig.repo.homeDir)).toHaveLength(1);
    await rig.answer();
    await watchedAgain(rig);
    // No act follows, so only the worker that parks can start one; until then, its agent waits.
    await killSupervisors(rig.repo.homeDir);
    await writeFile(join(rig.repo.homeDir, 'go'), '');
    await rig.until(({ status }) => status.kind === 'waiting' && status.for === 'plan_approval');
    await watchedAgain(rig);
  },
);

test.concurrent('if its folder cannot be created, sessions still run', async () => {
  await using rig = await startRig({ supervised: true, scenario: { rules: [] } });
  await rig.untilWaiting('qa_answers', DEAD);
  await endOfWorker(rig);
  await killSupervisors(rig.repo.homeDir);
  const { dir } = await supervisorOf(rig);
  await rm(dirname(dir), { recursive: true });
  await writeFile(dirname(dir), 'no folder');
  await rig.answer();
  await rig.untilWaiting('plan_approval', DEAD);
  await rm(dirname(dir));
});

async function watchedAgain({ repo }: SessionRig): Promise<void> {
  await eventually(async () => (await supervisorPids(repo.homeDir)).length === 1, { what: 'a supervisor' });
}
