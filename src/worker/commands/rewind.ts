import { keptRewinds, type Moment, refOf, START } from '../../project/checkpoint-refs.ts';
import { commitOf } from '../../project/repository.ts';
import type { CommandOf } from '../../session/commands.ts';
import { readEvents } from '../../session/event-log.ts';
import type { RewindTarget } from '../../session/event-types.ts';
import { findRewindPoint, type RewindPoint } from '../../session/rewind-point.ts';
import { type CommandOutcome, Refusal } from '../command-outcome.ts';
import { checkpointPlace } from '../keep-work.ts';
import { stateOf, type Worker } from '../worker.ts';

/** Takes a session back; the files follow, once it stands in the events that they must. */
export async function rewind(
  worker: Worker,
  command: CommandOf<'rewind'>,
): Promise<CommandOutcome | Refusal> {
  const { archived, openIteration } = stateOf(worker);
  const { by, to } = command;
  if (archived) return new Refusal('archived', 'The session is in the archive.', 'Take it out first.');
  if (openIteration !== undefined) {
    return new Refusal('busy', 'An iteration is not over yet.', 'Call wait, then try again.');
  }
  const place = checkpointPlace(worker);
  if (place === undefined) {
    return new Refusal('nothing_kept', 'The session has no worktree yet.', 'There is nothing to take back.');
  }
  const options = { ...worker.git.context, cwd: worker.file.mainRepo };
  const kept = await keptRewinds(place.sessionFolder, options);
  const point = findRewindPoint(await readEvents(worker.paths.events, 0), to, kept);
  const name = point && (point.commit ?? refOf(place.sessionFolder, momentOf(point)));
  const commit = name && (await commitOf(name, options));
  if (point === undefined || commit === undefined) return notKept(to);
  return { events: [{ type: 'rewind_asked', by, to, commit, back: point.back }] };
}

function momentOf({ beforeRewind }: RewindPoint): Moment {
  return beforeRewind === undefined ? START : { kind: 'before_rewind', id: String(beforeRewind) };
}

function notKept(to: RewindTarget): Refusal {
  const what =
    to === 'undo' ? 'There is no rewind to take back' : `There is no checkpoint of iteration ${to}`;
  const hint =
    '"samocode rewind <session>" lists what is kept: the last 20 iterations and the ends of phases.';
  return new Refusal('checkpoint_gone', `${what}, or it is not kept any more.`, hint);
}
