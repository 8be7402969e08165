import { keptCheckpoints } from '../../project/checkpoints/checkpoint-refs.ts';
import type { CommandOf } from '../../session/commands/commands.ts';
import { judgeRewind } from '../../session/commands/judge-rewind.ts';
import type { Refused } from '../../session/commands/refused.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { CommandOutcome } from '../core/command-outcome.ts';
import { stateOf, type Worker } from '../core/worker.ts';

/** Takes a session back; the files follow the event. */
export async function rewind(
  worker: Worker,
  command: CommandOf<'rewind'>,
): Promise<CommandOutcome | Refused> {
  const { folder, mainRepo } = worker.file;
  const { by, to } = command;
  const verdict = judgeRewind(command, stateOf(worker), {
    events: await readEvents(worker.paths.events, 0),
    kept: await keptCheckpoints(folder, { ...worker.git.context, cwd: mainRepo }),
  });
  if (verdict.kind === 'refused') return verdict;
  return { events: [{ type: 'rewind_asked', by, to, commit: verdict.commit, back: verdict.back }] };
}
