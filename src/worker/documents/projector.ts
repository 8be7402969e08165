import { crashPoint, failPoint } from '../../base/fault-points.ts';
import { ensurePlainFolder } from '../../base/files/append-lines.ts';
import { writeLightly, writeWhole } from '../../base/files/atomic-file.ts';
import { documentText } from '../../session/documents/documents.ts';
import { readOverview } from '../../session/documents/overview.ts';
import { ledgerText, withStates } from '../../session/documents/requirements.ts';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import type { SessionState } from '../../session/events/state.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import { nowText } from '../../session/words.ts';
import { OverviewWriter } from './overview-writer.ts';
import { isFlowWritten } from './project-event.ts';
import { loggedUpTo, writeHistory, writeSessionLog } from './project-lines.ts';
import { writeRecordedAnswers } from './recorded-answers.ts';
import { writeProof } from './write-proof.ts';

/** Events after which an entry of the requirement ledger may have another state than the file says. */
const MOVES_LEDGER: ReadonlySet<EventType> = new Set([
  'plan_approved',
  'checks_ran',
  'iteration_ended',
  'rewound',
]);

/**
 * Writes what derives from the events: overview lines, history, session.log, now.json. Each can be
 * written again without harm. session.log comes last and carries event numbers, so that its end says
 * how far a worker had come.
 */
export class Projector {
  #paths: SessionPaths;
  readonly #file: SessionFile;
  #behind: SessionEvent[] = [];
  #problem: unknown;
  readonly #overview: OverviewWriter;

  constructor(paths: SessionPaths, file: SessionFile) {
    this.#paths = paths;
    this.#file = file;
    this.#overview = new OverviewWriter(file);
  }

  /** The last failure, until the disk takes the lines again. */
  get problem(): unknown {
    return this.#problem;
  }

  /** What stood in the place of the overview and could not be read, once: words for people. */
  takeReplaced(): string | undefined {
    return this.#overview.takeReplaced();
  }

  /** The session folder was moved: from now on its files are written there. */
  relocate(paths: SessionPaths): void {
    this.#paths = paths;
  }

  /** Never throws: the events are the truth, and what could not be written now is written with the next ones. */
  async apply(state: SessionState, events: readonly SessionEvent[]): Promise<void> {
    this.#behind.push(...events);
    if (this.#behind.length === 0) return;
    try {
      await this.#write(state, this.#behind);
      this.#behind = [];
      this.#problem = undefined;
    } catch (error) {
      this.#problem = error;
    }
  }

  /** Makes up for what the worker before could not write any more. */
  async catchUp(state: SessionState): Promise<void> {
    // The newest line may be the only one of its batch that got there; a child may have written any number.
    const from = Math.max(0, Math.min(this.writtenUpTo(), state.n) - 16);
    const written = new Set(readOverview((await documentText(this.#paths.overview)) ?? '').flow);
    const events = await readEvents(this.#paths.events, from);
    const left = events.map((event) =>
      isFlowWritten(event, written) ? { ...event, flow: undefined } : event,
    );
    await this.apply(state, left);
  }

  /** The number of the newest event that session.log shows: what derives from those before it was written. */
  writtenUpTo(): number {
    return loggedUpTo(this.#paths);
  }

  /** Tiny current state for status bars. A cache: its loss or age harms nobody. */
  writeNow(state: SessionState, activity?: string): void {
    writeLightly(this.#paths.now, nowText(this.#file, state, activity));
  }

  /** Before a plan is approved it is the agents' own. */
  async #writeLedger(state: SessionState): Promise<void> {
    const text = state.approvedPlan && (await ledgerText(this.#paths));
    const stated = text && withStates(text, state);
    if (stated && stated !== text) await writeWhole(this.#paths.requirements, stated);
  }

  async #write(state: SessionState, events: readonly SessionEvent[]): Promise<void> {
    // Before session_created the folder is not ours to make.
    if (state.createdAt === undefined) return;
    failPoint('projections');
    ensurePlainFolder(this.#paths.sessionDir);
    await this.#overview.write(this.#paths, state, events);
    crashPoint('after-overview');
    if (events.some((event) => event.type === 'answers_recorded'))
      await writeRecordedAnswers(this.#paths, state);
    if (events.some(({ type }) => MOVES_LEDGER.has(type))) await this.#writeLedger(state);
    writeHistory(this.#paths, events);
    crashPoint('after-history');
    if (events.some(({ type }) => type === 'done')) await writeProof(this.#paths);
    this.writeNow(state);
    writeSessionLog(this.#paths, events);
  }
}
