import { rm } from 'node:fs/promises';
import * as z from 'zod';
import { plainJson } from '../../kernel/files/plain-file.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import { identify } from '../../kernel/processes/host.ts';
import type { OwnedLease } from '../../kernel/processes/lease.ts';
import { waitForRunningGit } from '../../project/git/running-git.ts';
import { exitFile, NEVER_STARTED } from '../../sandbox/programs/run-child.ts';
import type { EventBody } from '../../session/events/bodies/event-types.ts';
import { type Arrived, Places } from '../../session/events/bodies/positions.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { LEFT_BEHIND } from '../../session/events/fold.ts';
import { removeDraftsOfDead } from '../iteration/after-child.ts';
import { phaseSetByHand, setPhase, writtenPhase } from '../judge/phase-edit.ts';
import { clearScratch, endBaseProcesses } from '../judge/scratch.ts';
import { iterationOf, readChildRecord, readExit } from '../state/iteration.ts';
import { endChildTree, isAlive } from '../state/processes.ts';
import { record, stateOf, type Worker } from '../state/worker.ts';

/** The supervisor's record of its machine. */
const Mark = z.object({ host: z.string() });

type Recovery = Pick<EventBody<'worker_took_over'>, 'recovery' | 'why'>;

/** Records the new worker and what it found; work left by the last one is then continued like any other. */
export async function takeOver(
  worker: Worker,
  lease: OwnedLease,
  { truncatedBytes, arrived }: { truncatedBytes: number; arrived?: Arrived },
): Promise<void> {
  const { host, writer } = worker;
  // Changes by a git process of a dead worker would be mistaken for a person's.
  await waitForRunningGit(worker.paths.gitCalls, worker);
  const self = await identify(host, process.pid);
  if (self === undefined) throw new Error('This process is not in the process table.');
  const found = await findOpenIteration(worker);
  const byHand = await phaseSetByHand(worker);
  // The next write of the overview restores the phase.
  const moved = stateOf(worker).openIteration && (await writtenPhase(worker));
  // Before the first line of this worker, which would mark all earlier ones as written.
  await worker.projector.catchUp(stateOf(worker));
  const tookOver: NewEvent = {
    type: 'worker_took_over',
    worker: self,
    version: __VERSION__,
    previous: lease.previous?.how ?? 'none',
    ...found,
    truncatedBytes: truncatedBytes || undefined,
    places: arrived && Places.parse(arrived),
    host: worker.file.pool && (await plainJson(worker.paths.poolMark, Mark))?.host,
    platform: process.platform,
  };
  const left = (arrived?.left ?? []).join(' ');
  await record(
    worker,
    tookOver,
    ...(left === '' ? [] : [{ type: 'notice' as const, code: LEFT_BEHIND, text: left }]),
    ...writer.problems.map(lineSkipped),
    ...(moved ? [phaseForged(moved)] : []),
  );
  await rm(worker.paths.arrived, { force: true });
  writer.writeCache();
  if (byHand !== undefined) await setPhase(worker, byHand);
  // A worker that released its lease left no process; a missing lease may have been deleted.
  if (lease.previous?.how === 'released') return;
  await worker.application?.endLeft();
  // An agent may be adopted, but not checks that were running in parallel.
  if (stateOf(worker).openIteration !== undefined) return await endBaseProcesses(worker);
  // No process of a dead worker (SETUP, a check, an agent) may run alongside the next one.
  await endChildTree(worker, undefined, { leftoversOnly: true });
  await clearScratch(worker);
  removeDraftsOfDead(worker);
}

function lineSkipped(problem: string): NewEvent {
  return { type: 'notice', code: 'log_problem', text: `A line of the event log was skipped: ${problem}` };
}

function phaseForged(phase: Phase): NewEvent {
  const detail = `it said ${phase} while an iteration was open`;
  return { type: 'forgery_seen', what: 'the Phase line of the overview', detail };
}

async function findOpenIteration(worker: Worker): Promise<Recovery> {
  const open = stateOf(worker).openIteration;
  if (open === undefined) return { recovery: 'nothing' };
  const of = iterationOf(worker, open);
  const child = await readChildRecord(worker, open.iteration);
  if (child === undefined)
    return { recovery: 'run_again', why: `iteration ${open.iteration} had no agent yet` };
  if ((await readExit(of, child)) === NEVER_STARTED) {
    // The record is removed first: if this is interrupted, its absence means "no agent yet".
    await rm(of.files.child, { force: true });
    await rm(exitFile(of.files.exit, child), { force: true });
    return { recovery: 'run_again', why: `the agent of iteration ${open.iteration} was never started` };
  }
  const alive = await isAlive(worker, child);
  return alive
    ? { recovery: 'adopt', why: `the agent of iteration ${open.iteration} is still running` }
    : { recovery: 'finish', why: `the agent of iteration ${open.iteration} has ended` };
}
