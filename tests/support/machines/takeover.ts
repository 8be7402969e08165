import { join } from 'node:path';
import { systemClock } from '../../../src/core/kernel/clock.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { readEvents } from '../../../src/core/session/events/event-log.ts';
import type { SessionView } from '../../../src/core/session/events/session-view.ts';
import { eventually } from '../eventually.ts';
import type { Machine, MachinePool } from './pool-machines.ts';

/** What takes a session from its machine. `promoted`: its machine dies, and the database's primary with it. */
export type Failure = 'killed' | 'cut' | 'promoted' | 'frozen';

export interface Takeover {
  failure: Failure;
  from: string;
  to: string;
  /** Seconds from the end of the lease to the first sign of life of the next agent. */
  secondsAfterLease: number;
  /** Of the machine that failed: the number of those that were published, and of those of its unfinished agent. */
  commits: { published: number; unpublished: number };
  /** Sentences, empty if everything holds. */
  violations: string[];
}

/** A session at work on one of two machines. */
export interface Work {
  name: string;
  id: string;
  branch: string;
  begunMs: number;
  first: Machine;
  second: Machine;
}

/** Starts a session, and waits until an agent works on it. @param hasCommits whether an earlier one has committed */
export async function startWork(
  { machines }: Pick<MachinePool, 'machines'>,
  name: string,
  hasCommits = true,
): Promise<Work> {
  const begunMs = systemClock.now();
  await machines[0]?.samocode('start', '--pool', '--task', 'Rig the boat', '--name', name);
  return await eventually(
    async () => {
      for (const first of machines) {
        const view = await viewOf(first, name);
        // A copy of a published state is at rest.
        if (view?.state.openIteration === undefined || view.state.worktree === undefined) continue;
        if (hasCommits && view.state.progress.counted.implementation < 2) continue;
        const second = machines.find((machine) => machine !== first) ?? absent();
        const { id } = view.sessionFile ?? absent();
        return { name, id, branch: view.state.worktree.branch, begunMs, first, second };
      }
      return undefined;
    },
    { what: `work on ${name}` },
  );
}

/** One session that is taken from the machine at work on it, and done by the other one. */
export async function takeOver(pool: MachinePool, failure: Failure, name: string): Promise<Takeover> {
  const work = await startWork(pool, name);
  const { id, branch, first, second } = work;
  const had = await commitsOf(first, branch);
  await fail(pool, first, failure);
  const published = new Set(await revList(pool.remoteFolder, `refs/samocode/pool/sessions/${id}`));
  const kept = had.filter((commit) => published.has(commit));
  const { until } = await leaseOf(pool, id);
  const nextMs = await eventually(async () => (await timesSince(second, work.begunMs))[0], {
    what: `the next agent of ${name} on ${second.name}`,
  });
  const violations = await violationsOf(work, kept);
  await recover(first, failure);
  await untilDone(first, name);
  return {
    failure,
    from: first.name,
    to: second.name,
    secondsAfterLease: (nextMs - until.getTime()) / 1000,
    commits: { published: kept.length, unpublished: had.length - kept.length },
    violations,
  };
}

/** Waits until the other machine has done it. @param kept commits that must not be missing then */
export async function violationsOf(
  { first, second, name, branch, begunMs }: Work,
  kept: readonly string[],
): Promise<string[]> {
  const done = await untilDone(second, name);
  const present = new Set(await commitsOf(second, branch));
  const lost = kept.filter((commit) => !present.has(commit));
  const lastMs = (await timesSince(first, begunMs)).at(-1) ?? 0;
  const [nextMs = 0] = await timesSince(second, begunMs);
  return [
    ...lost.map((commit) => `commit ${commit} is missing`),
    ...(await chainViolations(done)),
    ...(lastMs < nextMs ? [] : [`two agents at once: ${first.name} ${lastMs}, ${second.name} ${nextMs}`]),
    ...(await verifyViolations(second, done.folder)),
  ];
}

export async function untilDone(machine: Machine, name: string): Promise<SessionView> {
  return await eventually(
    async () => {
      const view = await viewOf(machine, name);
      return view?.state.status.kind === 'done' && view;
    },
    { what: `${name} as done on ${machine.name}` },
  );
}

export async function fail(pool: MachinePool, machine: Machine, failure: Failure): Promise<void> {
  if (failure === 'cut') await machine.box.link('down');
  else if (failure === 'frozen') await machine.freeze(true);
  else await machine.die();
  if (failure === 'promoted') await pool.database?.failOver();
}

export async function recover(machine: Machine, failure: Failure): Promise<void> {
  if (failure === 'cut') await machine.box.link('up');
  else if (failure === 'frozen') await machine.freeze(false);
  else await machine.boot();
}

async function viewOf(machine: Machine, name: string): Promise<SessionView | undefined> {
  return (await machine.views()).find(({ folder }) => folder.endsWith(`-${name}`));
}

async function leaseOf({ database }: MachinePool, id: string): Promise<{ until: Date }> {
  const rows = await database?.query<{ until: Date }>(
    'select until from samocode_pool.sessions where id = $1',
    [id],
  );
  return rows?.[0] ?? absent();
}

async function timesSince(machine: Machine, sinceMs: number): Promise<number[]> {
  return (await machine.timesAtWork()).filter((time) => time > sinceMs);
}

async function commitsOf({ home }: Machine, branch: string): Promise<string[]> {
  return await revList(join(home, 'boat/.git'), branch, '^main');
}

async function revList(gitDir: string, ...revisions: string[]): Promise<string[]> {
  const { stdout, stderr, exitCode } = await runCommand('git', [
    '--git-dir',
    gitDir,
    'rev-list',
    ...revisions,
  ]);
  if (exitCode !== 0) throw new Error(`git rev-list ${revisions.join(' ')}: ${stderr}`);
  return stdout.split('\n').filter(Boolean);
}

async function chainViolations({ paths }: SessionView): Promise<string[]> {
  const events = await readEvents(paths, 0);
  const gap = events.find(({ n }, index) => n !== index + 1);
  const ended = events.flatMap((event) => (event.type === 'iteration_ended' ? [event.iteration] : []));
  return [
    ...(gap ? [`event ${gap.n} is out of order`] : []),
    ...(new Set(ended).size === ended.length ? [] : [`an iteration ended twice: ${ended}`]),
  ];
}

async function verifyViolations({ samocode }: Machine, folder: string): Promise<string[]> {
  return await samocode('verify', folder, '--yes').then(
    () => [],
    (error: Error) => [`verify: ${error.message}`],
  );
}

function absent(): never {
  throw new Error('A pool of two machines with a database is needed.');
}
