import { basename } from 'node:path';
import { changeFile } from '../../base/files/change-file.ts';
import { stampsAt } from '../../base/files/stamps.ts';
import { changeOverview, newOverview } from '../../session/documents/overview-change.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import type { SessionState } from '../../session/events/state.ts';
import { MAX_OVERVIEW_BYTES, type SessionPaths } from '../../session/layout/paths.ts';
import { flowLinesOf, overviewChange, statesPhase } from './project-event.ts';

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
    const { phase: ours, ...rest } = overviewChange(state, newestFlow(events));
    const leavesPhase = this.#phase === ours && !events.some(statesPhase);
    await this.#change(paths, (text) => {
      missing ||= text === undefined;
      const phase = (text === undefined || !leavesPhase) && ours !== undefined ? { phase: ours } : {};
      return changeOverview(text ?? overviewOf(this.#file, state), { ...phase, ...rest });
    });
    this.#phase = ours;
    if (!missing) return;
    // An overview that was deleted gets back the lines that the events know.
    const newest = newestFlow(await readEvents(paths.events, 0));
    await this.#change(paths, (text) =>
      changeOverview(text ?? overviewOf(this.#file, state), overviewChange(state, newest)),
    );
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

/** One that is written again must not be larger than one that can be read. */
const MOST_FLOW_LINES = 500;

function newestFlow(events: readonly SessionEvent[]): string[] {
  return events.flatMap(flowLinesOf).slice(-MOST_FLOW_LINES);
}

function overviewOf({ task, dive, folder, mainRepo, createdAt }: SessionFile, state: SessionState): string {
  const started = stampsAt(Date.parse(state.createdAt ?? createdAt)).minute;
  return newOverview({ title: folder, started, workingDir: state.worktree?.path ?? mainRepo, task, dive });
}
