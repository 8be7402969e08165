import { join } from 'node:path';
import { systemClock } from '../../../src/core/kernel/clock.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { readEvents } from '../../../src/core/session/events/event-log.ts';
import type { SessionView } from '../../../src/core/session/events/session-view.ts';
import { eventually } from '../eventually.ts';
import type { Machine, MachinePool } from './pool-machines.ts';

/** What takes a session from its machine. `promoted`: its machine dies and the database's primary with it. */
export type Failure = 'killed' | 'cut' | 'promoted' | 'frozen';

export interface Takeover {
  failure: Failure;
  from: string;
  to: string;
  /** Seconds from the end of the lease to the next agent's first sign of life. */
  secondsAfterLease: number;
  /** Of the machine that failed: how many were published, and how many only it had. */
  commits: { published: number; unpublished: number };
  /** Sentences, empty if everything holds. */
  violations: string[];
}

const isDone = ({ state }: SessionView) => state.status.kind === 'done';
const hasWorkAtRest = ({ state: { progress, openIteration } }: SessionView) =>
  openIteration !== undefined && progress.counted.implementation >= 2;

/** One session that is taken from the machine at work on it, and done by another one of two. */
export async function takeOver(pool: MachinePool, failure: Failure, name: string): Promise<Takeover> {
  const { machines } = pool;
  const database = pool.database ?? absent();
  const shown = (machine: Machine) => async (holds: (view: SessionView) => boolean) =>
    (await machine.views()).find((view) => view.folder.endsWith(name) && holds(view));
  await machines[0]?.samocode('start', '--pool', '--task', 'Rig the boat', '--name', name);
  const begunMs = systemClock.now();
  const find = async (holds: (view: SessionView) => boolean) => {
    for (const machine of machines) {
      const view = await shown(machine)(holds);
      if (view && (await timesSince(machine, begunMs)).length > 0) return { machine, view };
    }
    return undefined;
  };
  const { machine: first, view } = await eventually(() => find(hasWorkAtRest), { what: `work on ${name}` });
  const second = machines.find((machine) => machine !== first) ?? absent();
  const { id } = view.sessionFile ?? absent();
  const { branch } = view.state.worktree ?? absent();
  const firstCommits = await commitsOf(first, branch);
  await fail(pool, first, failure);
  const published = new Set(await revList(pool.remoteFolder, `refs/samocode/pool/sessions/${id}`));
  const [row] = await database.query<{ until: Date; epoch: number }>(
    'select until, epoch from samocode_pool.sessions where id = $1',
    [id],
  );
  const { until, epoch } = row ?? absent();
  const nextMs = await eventually(async () => (await timesSince(second, begunMs))[0], {
    what: `the next agent of ${name} on ${second.name}`,
  });
  const lastMs = (await timesSince(first, begunMs)).at(-1) ?? 0;
  const done = await eventually(() => shown(second)(isDone), { what: `${name} as done on ${second.name}` });
  const kept = new Set(await commitsOf(second, branch));
  const lost = firstCommits.filter((commit) => published.has(commit) && !kept.has(commit));
  const [after] = await database.query<{ epoch: number }>(
    'select epoch from samocode_pool.sessions where id = $1',
    [id],
  );
  const violations = [
    ...lost.map((commit) => `commit ${commit} is missing`),
    ...(await chainViolations(done)),
    ...(lastMs < nextMs
      ? []
      : [`two agents at once: ${lastMs} on ${first.name}, ${nextMs} on ${second.name}`]),
    ...((after?.epoch ?? 0) > epoch ? [] : [`the epoch did not grow: ${epoch}, then ${after?.epoch}`]),
    ...(await verifyViolations(second, done.folder)),
  ];
  await recover(first, failure);
  await eventually(() => shown(first)(isDone), { what: `what was done meanwhile on ${first.name}` });
  const count = firstCommits.filter((commit) => published.has(commit)).length;
  return {
    failure,
    from: first.name,
    to: second.name,
    secondsAfterLease: (nextMs - until.getTime()) / 1000,
    commits: { published: count, unpublished: firstCommits.length - count },
    violations,
  };
}

async function fail({ database }: MachinePool, machine: Machine, failure: Failure): Promise<void> {
  if (failure === 'cut') await machine.box.link('down');
  else if (failure === 'frozen') await machine.freeze(true);
  else await machine.die();
  if (failure === 'promoted') await database?.failOver();
}

async function recover(machine: Machine, failure: Failure): Promise<void> {
  if (failure === 'cut') await machine.box.link('up');
  else if (failure === 'frozen') await machine.freeze(false);
  else await machine.boot();
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
  const iterations = events.flatMap((event) => (event.type === 'iteration_started' ? [event.iteration] : []));
  return [
    ...(gap ? [`event ${gap.n} is out of order`] : []),
    ...(new Set(iterations).size === iterations.length ? [] : [`an iteration began twice: ${iterations}`]),
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
