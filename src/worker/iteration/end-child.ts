import { crashPoint } from '../../base/fault-points.ts';
import type { ChildRecord } from '../../providers/starting/run-child.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { blockHere } from '../core/blocked.ts';
import { noteEndedByUs, readEndedByUs } from '../core/iteration-files.ts';
import { ifTaken, patiently } from '../core/passing-errors.ts';
import { endChildTree } from '../core/tree.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { gitProgramsChanged } from '../guarding/changes-by-agent.ts';
import { keepWork } from '../recording/keep-work.ts';
import { meetRunFolder } from './after-child.ts';
import { WATCH_ENDS, type WatchEnd, type WatchedChild } from './sampler.ts';

/**
 * Ends the whole tree of a child, and meets what it left in the run folder.
 * @returns how it came to its end; undefined when the session is blocked because its processes live on
 */
export async function endChild(
  worker: Worker,
  open: OpenIteration,
  watched: Pick<WatchedChild, 'end' | 'known'> & { child: ChildRecord; isOurs: boolean },
): Promise<{ end: WatchEnd; runFolder: string[] } | undefined> {
  const { child, known, isOurs } = watched;
  // A child that fills the disk is one that must be ended: then why stands in memory until the disk takes it.
  const noted = watched.end === 'exited' ? true : await ifTaken(noteEnd(worker, open, watched.end));
  if (watched.end !== 'exited') await keepLivingWork(worker, open);
  crashPoint('before-end-tree');
  const end = watched.end === 'exited' && !isOurs ? await endBefore(worker, open) : watched.end;
  const ending = () => endChildTree(worker, child, { leftoversOnly: end === 'exited', known });
  const tree = await patiently(worker.clock, 'the agent is not ended', ending);
  // All has been done to end the child: from here on a disk may be waited for.
  const wait = <T>(act: () => Promise<T>) => patiently(worker.clock, 'files not written', act);
  if (!noted) await wait(() => noteEnd(worker, open, end));
  if (tree.kind === 'immortal') {
    const reason = `Processes of the agent could not be ended: ${tree.pids.join(', ')}. End them, then resume the session.`;
    await blockHere(worker, { reason, needs: 'error_resolution', rule: 'child_immortal' });
    return undefined;
  }
  crashPoint('after-end-tree');
  return { end, runFolder: await wait(() => meetRunFolder(worker, open)) };
}

async function noteEnd(worker: Worker, open: OpenIteration, end: WatchEnd): Promise<true> {
  await noteEndedByUs(worker, open, end);
  return true;
}

/** The child still runs: what it has planted until now is neutralised first. */
async function keepLivingWork(worker: Worker, { iteration }: OpenIteration): Promise<void> {
  // It must be ended whatever else fails.
  await ifTaken(gitProgramsChanged(worker));
  await keepWork(worker, { kind: 'before_kill', iteration });
}

/** Why the worker before this one was ending the child, if it was: the child may have written it itself. */
async function endBefore(worker: Worker, open: OpenIteration): Promise<WatchEnd> {
  const written = await readEndedByUs(worker, open);
  const end = WATCH_ENDS.find((known) => known === written) ?? 'exited';
  return end === 'stop' && stateOf(worker).stopWanted?.when !== 'now' ? 'exited' : end;
}
