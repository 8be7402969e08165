import { join } from 'node:path';
import { sinceBootMs } from '../../../src/core/kernel/clock.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import type { SessionView } from '../../../src/core/session/folder/session-view.ts';
import { readEvents } from '../../../src/core/session/log/event-log.ts';
import { eventually } from '../eventually.ts';
import type { Machine, MachinePool, Span } from './pool-machines.ts';

/**
 * What happens to the machine at work. `promoted`: it dies, and the database's primary with it. `restarted`: it is the
 * database alone that dies and begins again.
 */
export type Failure = 'killed' | 'cut' | 'promoted' | 'frozen' | 'restarted';

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
  const begunMs = sinceBootMs();
  await machines[0]?.samocode('start', '--pool', '--task', 'Rig the boat', '--name', name);
  return await eventually(
    async () => {
      for (const first of machines) {
        const view = await viewOf(first, name);
        // A copy of a published state is at rest.
        if (view?.state.openIteration === undefined || view.state.worktree === undefined) continue;
        if (hasCommits && view.state.progress.counted.implementation < 2) continue;
        const second = machines.find((machine) => machine !== first) ?? first;
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
  const { id, first, second } = work;
  const had = await commitsOf(first, work);
  await fail(pool, first, failure);
  const published = new Set(await revList(pool.remoteFolder, await stateOf(pool, id)));
  const kept = had.filter((commit) => published.has(commit));
  const untilMs = await leaseEnd(pool, id);
  const { fromMs } = await nextAgent(work);
  await untilDone(second, name);
  await recover(first, failure);
  return {
    failure,
    from: first.name,
    to: second.name,
    secondsAfterLease: Math.round(fromMs - untilMs) / 1000,
    commits: { published: kept.length, unpublished: had.length - kept.length },
    violations: await violationsOf(work, kept),
  };
}

/** Waits until the other machine is at work on it. */
export async function nextAgent({ name, second, begunMs }: Work): Promise<Span> {
  const what = `the next agent of ${name} on ${second.name}`;
  return await eventually(async () => (await agentsSince(second, begunMs))[0], { what, withinMs: LIMIT_MS });
}

/** Waits until both machines show it as done. @param kept commits that must not be missing then */
export async function violationsOf(work: Work, kept: readonly string[]): Promise<string[]> {
  const { first, second, name, begunMs } = work;
  for (const machine of [first, second]) await untilDone(machine, name);
  const eventsOf = async (machine: Machine) => await readEvents((await untilDone(machine, name)).paths, 0);
  const chainOf = async (machine: Machine) =>
    (await eventsOf(machine)).map(({ n, type }) => `${n} ${type}`).join();
  // One that was cut off may have ended it too, and learns later that another has it.
  const isSame = await eventually(async () => (await chainOf(first)) === (await chainOf(second)), {
    withinMs: 60_000,
  }).catch(() => false);
  const [done, events] = [await untilDone(first, name), await eventsOf(first)];
  const last = done.state.workedOn?.at(-1) === first.name ? first : second;
  const present = new Set(await commitsOf(last, work));
  const lost = kept.filter((commit) => !present.has(commit));
  const [some, rest] = [await agentsSince(first, begunMs), await agentsSince(second, begunMs)];
  // One machine alone is both.
  const atOnce = (first === second ? [] : some).filter((one) =>
    rest.some(({ fromMs, toMs }) => fromMs <= one.toMs && one.fromMs <= toMs),
  );
  return [
    ...lost.map((commit) => `commit ${commit} is missing`),
    ...atOnce.map(({ fromMs }) => `two agents at once: the one of ${first.name} that began at ${fromMs}`),
    ...gaps(events),
    ...(isSame ? [] : [`${first.name} and ${second.name} show other events`]),
    ...(await verifyViolations(last, done.folder)),
  ];
}

export async function untilDone(machine: Machine, name: string): Promise<SessionView> {
  return await eventually(
    async () => {
      const view = await viewOf(machine, name);
      return view?.state.status.kind === 'done' && view;
    },
    { what: `${name} as done on ${machine.name}`, withinMs: LIMIT_MS },
  );
}

/** Far above what a machine under load needs. */
const LIMIT_MS = 240_000;

export async function fail(pool: MachinePool, machine: Machine, failure: Failure): Promise<void> {
  if (failure === 'cut') await machine.box.link('down');
  else if (failure === 'frozen') await machine.freeze(true);
  else if (failure === 'restarted') await pool.database.restart();
  else await machine.die();
  if (failure === 'promoted') await pool.database.failOver();
}

export async function recover(machine: Machine, failure: Failure): Promise<void> {
  if (failure === 'cut') await machine.box.link('up');
  else if (failure === 'frozen') await machine.freeze(false);
  else if (failure !== 'restarted') await machine.boot();
}

async function viewOf(machine: Machine, name: string): Promise<SessionView | undefined> {
  return (await machine.views()).find(({ folder }) => folder.endsWith(`-${name}`));
}

async function stateOf({ database }: MachinePool, id: string): Promise<string> {
  const sql = 'select state from samocode_pool.sessions where id = $1';
  const [row] = await database.query<{ state: string }>(sql, [id]);
  return (row ?? absent()).state;
}

async function leaseEnd({ database }: MachinePool, id: string): Promise<number> {
  const left = 'extract(epoch from until - clock_timestamp()) * 1000';
  const sql = `select (${left})::float as left from samocode_pool.sessions where id = $1`;
  const [row] = await database.query<{ left: number }>(sql, [id]);
  return sinceBootMs() + (row ?? absent()).left;
}

async function agentsSince(machine: Machine, sinceMs: number): Promise<Span[]> {
  return (await machine.agents()).filter(({ fromMs }) => fromMs > sinceMs);
}

async function commitsOf({ home }: Machine, { branch }: Work): Promise<string[]> {
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

function gaps(events: Awaited<ReturnType<typeof readEvents>>): string[] {
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
  throw new Error('A pool of two machines is needed.');
}
