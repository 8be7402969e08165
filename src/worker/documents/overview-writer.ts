import { basename } from 'node:path';
import { changeFile } from '../../base/files/change-file.ts';
import { stampsAt } from '../../base/files/stamps.ts';
import { changeOverview, newOverview } from '../../session/documents/overview-change.ts';
import { flowKey } from '../../session/documents/overview-task.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import type { SessionState } from '../../session/events/state.ts';
import { MAX_OVERVIEW_BYTES, type SessionPaths } from '../../session/layout/paths.ts';
import { KEPT_FLOW_ENTRIES, withOlderFlowNote } from '../../session/legacy/old-flow.ts';
import { flowLinesOf, overviewChange, statesPhase } from './project-event.ts';
import { keepOldFlow } from './put-away-old-flow.ts';

/** Writes what `_overview.md` derives from the events. */
export class OverviewWriter {
  readonly #file: SessionFile;
  /** The phase that this worker wrote last. */
  #phase: string | undefined;
  #replaced: string | undefined;

  constructor(file: SessionFile) {
    this.#file = file;
  }

  /** What stood in its place and could not be read, once: words for people. */
  takeReplaced(): string | undefined {
    const replaced = this.#replaced;
    this.#replaced = undefined;
    return replaced;
  }

  async write(paths: SessionPaths, state: SessionState, events: readonly SessionEvent[]): Promise<void> {
    let missing = false;
    const flow = await newestFlow(paths, events);
    const { phase: ours, ...rest } = overviewChange(state, flow.newest);
    const leavesPhase = this.#phase === ours && !events.some(statesPhase);
    await this.#change(paths, (text) => {
      missing ||= text === undefined;
      const phase = (text === undefined || !leavesPhase) && ours !== undefined ? { phase: ours } : {};
      return changeOverview(text ?? overviewOf(this.#file, state), { ...phase, ...rest });
    });
    this.#phase = ours;
    if (!missing) return;
    // An overview that was deleted gets back every line that the events know.
    const { newest, hasOlder } = await newestFlow(paths, await readEvents(paths.events, 0));
    await this.#change(paths, (text) => {
      const whole = changeOverview(text ?? overviewOf(this.#file, state), overviewChange(state, newest));
      return hasOlder ? withOlderFlowNote(whole) : whole;
    });
  }

  async #change({ overview }: SessionPaths, change: (text: string | undefined) => string): Promise<void> {
    await changeFile(overview, change, {
      maxBytes: MAX_OVERVIEW_BYTES,
      onUnusable: (problem, aside) => {
        const kept = aside === undefined ? '' : ` Its former text is now ${basename(aside)}.`;
        this.#replaced = `_overview.md was ${problem}; it was written again from the event log.${kept}`;
      },
    });
  }
}

/** The flow lines of events that the overview takes; older ones are kept where those of a long overview are. */
async function newestFlow(
  paths: SessionPaths,
  events: readonly SessionEvent[],
): Promise<{ newest: string[]; hasOlder: boolean }> {
  const flow = events.flatMap(flowLinesOf);
  const older = flow.slice(0, -KEPT_FLOW_ENTRIES).map(flowKey);
  await keepOldFlow(
    paths,
    older.map((key) => ({ key, text: `- ${key}\n` })),
  );
  return { newest: flow.slice(-KEPT_FLOW_ENTRIES), hasOlder: older.length > 0 };
}

function overviewOf({ task, dive, folder, mainRepo, createdAt }: SessionFile, state: SessionState): string {
  const started = stampsAt(Date.parse(state.createdAt ?? createdAt)).minute;
  return newOverview({ title: folder, started, workingDir: state.worktree?.path ?? mainRepo, task, dive });
}
