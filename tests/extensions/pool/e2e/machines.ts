import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import { supervise } from '../../../../src/core/caller/context/supervision.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import { sessionFolders } from '../../../../src/core/session/folder/session-list.ts';
import type { SessionView } from '../../../../src/core/session/folder/session-view.ts';
import { runRoot, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { joinPool } from '../../../../src/extensions/pool/acts/join.act.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { eventually } from '../../../support/eventually.ts';
import { endSessionsBelow, PATIENT_CLOCK } from '../../../support/live-session.ts';
import type { PostgresServer } from '../../../support/postgres-server.ts';
import {
  makeProject,
  type ProjectPlan,
  projectOf,
  type TempProject,
  writeProject,
} from '../../../support/project.ts';
import { startSession } from '../../../support/start-session.ts';
import { endProcessesOf, killSupervisors, SUPERVISED } from '../../../support/supervisors.ts';
import { proxyTo, type TcpProxy } from '../../../support/tcp-proxy.ts';
import { repoIn } from '../../../support/temp-repo.ts';
import { loginOf, poolDatabase } from '../postgres/postgres-boards.ts';
import { serve } from '../processes/remotes.ts';

/** Seconds, where a pool has minutes. */
const TIMES = { leaseMs: 10_000, renewMs: 2000, graceMs: 500, scanMs: 500, settingsMs: 2000 };

/** Iterations of a second each. */
export const WORK = {
  paceMs: 0,
  rules: [{ do: [{ act: 'run', command: ['sleep', '1'] }, { act: 'normal' }] }],
};

/** Iterations that take no time. */
export const QUICK = { paceMs: 0 };

/** The same, except that on one machine the third iteration does not end. */
export const heldOn = (machine: 'machine-1' | 'machine-2') => ({
  paceMs: 0,
  rules: [
    {
      when: { iteration: 3 },
      do: [
        { act: 'run', command: ['sh', '-c', `case $HOME in */${machine}/*) sleep 600 ;; esac`] },
        { act: 'normal' },
      ],
    },
  ],
});

/** Each agent notes the time while it works. */
const NOTE = 'for i in 1 2 3 4 5 6 7 8 9 10; do date +%s%3N >> "$HOME/at-work"; sleep 0.1; done';
export const NOTED = {
  paceMs: 0,
  rules: [{ do: [{ act: 'run', command: ['sh', '-c', NOTE] }, { act: 'normal' }] }],
};

export const isDone = ({ state }: SessionView) => state.status.kind === 'done';
export const isAtWork = ({ worker, state }: SessionView) =>
  worker === 'alive' && state.openIteration !== undefined && state.progress.totalIterations > 1;
/** Done on another machine. */
export const isElsewhere = (view: SessionView) => isDone(view) && view.worker === 'unknowable';

/** One home, clone and supervisor. */
export interface Machine extends TempProject {
  /** Its login in the database. */
  login: string;
  name: string;
  /** Its home, its clone and its sessions. */
  path: string;
  /** Its way to the remote. */
  network: TcpProxy;
  /** Its way to the database. */
  toDatabase: TcpProxy;
  views(): Promise<SessionView[]>;
  /** SIGKILL for its supervisor, its workers and their agents. */
  die(): Promise<void>;
  /** Its supervisor runs again. */
  comeBack(): Promise<void>;
}

export interface PoolPlan {
  /** Lines of every machine's `.samocode`. */
  lines?: Readonly<Record<string, string>>;
  /** The logins of the machines; default: unique ones. */
  logins?: readonly string[];
}

export async function poolOf(
  count: number,
  scenario: object,
  postgres: Pick<PostgresServer, 'database'>,
  { lines, logins = [] }: PoolPlan = {},
) {
  const database = await poolDatabase(postgres);
  const { worker, rehearsal } = await builtPrograms({}, { faults: true });
  const acting = { programs: { worker, rehearsal }, clock: PATIENT_CLOCK };
  const first = await makeProject({ acting });
  const { root, git } = first.repo;
  const url = join(root, 'remote.git');
  await git(['clone', '--quiet', '--bare', first.repo.path, url], root);
  const server = await serve(root);
  const scenarioPath = join(root, 'scenario.json');
  await writeFile(scenarioPath, JSON.stringify(scenario));
  const env = { ...SUPERVISED, SAMOCODE_POOL_TIMES: JSON.stringify(TIMES) };
  const wanted = { PROVIDER: 'rehearsal', SANDBOX: 'off', GATES: 'none', ...lines };
  const machines: Machine[] = [];
  for (let number = 1; number <= count; number += 1) {
    const network = await proxyTo(server.port);
    const { login, address } = await loginOf(database, logins[number - 1]);
    const plan = { login, url, network, database: address, env, acting, wanted, scenarioPath };
    machines.push(await machineAt(join(root, `machine-${number}`), plan));
  }
  return {
    machines: machines as [Machine, Machine, ...Machine[]],
    url,
    database,
    async start({ context }: Machine, name = 'hull') {
      const { view } = await startSession({ dive: 'How is the boat rigged?', name, where: 'pool' }, context);
      return view.folder;
    },
    /** The refs of the pool on the remote. */
    async refs() {
      const list = await git(['for-each-ref', '--format=%(refname)', 'refs/samocode/pool/'], url);
      return list.split('\n').filter(Boolean);
    },
    async [Symbol.asyncDispose]() {
      for (const machine of machines) {
        await machine.die();
        await machine.network[Symbol.asyncDispose]();
        await machine.toDatabase[Symbol.asyncDispose]();
      }
      await server[Symbol.asyncDispose]();
      await first.repo[Symbol.asyncDispose]();
    },
  };
}

interface MachinePlan extends Pick<ProjectPlan, 'env' | 'acting'> {
  login: string;
  url: string;
  network: TcpProxy;
  database: string;
  scenarioPath: string;
  wanted: Readonly<Record<string, string>>;
}

async function machineAt(
  path: string,
  { login, url, network, database, env, acting, wanted, scenarioPath }: MachinePlan,
): Promise<Machine> {
  await mkdir(path);
  const made = repoIn({ path, [Symbol.asyncDispose]: async () => undefined });
  const repo = { ...made, env: { ...made.env, ...env } };
  const configDir = join(repo.homeDir, '.config', 'samocode');
  await mkdir(configDir, { recursive: true, mode: 0o700 });
  // A supervisor does not inherit it.
  await writeFile(join(configDir, '.env'), `REHEARSAL_SCENARIO=${scenarioPath}\n`, { mode: 0o600 });
  await repo.git(['clone', '--quiet', url, repo.path], path);
  await repo.git(['config', 'user.name', 'Test Person']);
  await repo.git(['config', 'user.email', 'test@example.invalid']);
  const project = await projectOf(repo, acting);
  await writeProject(project, wanted);
  const { sessionsDir, context } = project;
  const remote = `git://127.0.0.1:${network.port}/remote.git`;
  const proxied = new URL(database);
  const toDatabase = await proxyTo(Number(proxied.port));
  proxied.port = String(toDatabase.port);
  const { name } = await joinPool(
    { remote, database: proxied.href, isPublic: true, name: basename(path) },
    context,
  );
  return {
    ...{ ...project, path, network, toDatabase, login, name },
    async views() {
      const folders = await sessionFolders(sessionsDir);
      const views = await Promise.all(
        folders.map((folder) => readSession(sessionPaths(sessionsDir, folder), context.host)),
      );
      return views.filter((view) => view !== undefined);
    },
    async die() {
      await killSupervisors(repo.homeDir);
      await endSessionsBelow(sessionsDir, context.host);
      await endProcessesOf(repo.homeDir);
    },
    async comeBack() {
      await supervise(context, sessionsDir);
    },
  };
}

/** The machine on which a session is at work, and the other. */
export async function atWork(pool: { machines: [Machine, Machine, ...Machine[]] }) {
  return await holding(pool, isAtWork, 'work');
}

/** The machine that has the only session, which it shows so, and the other. */
export async function holding(
  { machines: [one, other] }: { machines: [Machine, Machine, ...Machine[]] },
  holds: (view: SessionView) => boolean,
  what: string,
) {
  const isHere = (view: SessionView) => view.worker !== 'unknowable' && holds(view);
  const first = await Promise.race([
    untilView(one, isHere, `${what} on the first machine`).then(() => one),
    untilView(other, isHere, `${what} on the second machine`).then(() => other),
  ]);
  return [first, first === one ? other : one] as const;
}

/** Waits until a machine shows a session as wanted. */
export async function untilView(
  machine: Machine,
  holds: (view: SessionView) => boolean,
  what: string,
): Promise<SessionView> {
  let found: SessionView | undefined;
  await eventually(
    async () => {
      found = (await machine.views()).find(holds);
      return found !== undefined;
    },
    { what },
  );
  return found as SessionView;
}

export async function eventsOf({ paths }: SessionView) {
  return await readEvents(paths, 0);
}

/** The events of a session are numbered without a gap, and another machine shows the same ones. */
export async function expectOneChain(done: SessionView, shown = done): Promise<void> {
  const chain = await eventsOf(done);
  expect(chain.map(({ n }) => n)).toEqual(chain.map((_, index) => index + 1));
  const types = chain.map(({ n, type }) => [n, type]);
  expect((await eventsOf(shown)).map(({ n, type }) => [n, type])).toEqual(types);
}

/** What a machine has moved aside, because others went on without it. */
export async function lostOn({ sessionsDir }: Machine): Promise<string[]> {
  return (await readdir(runRoot(sessionsDir))).filter((name) => name.includes('.lost-'));
}
