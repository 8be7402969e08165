import { basename, dirname } from 'node:path';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { nextSteps } from '../../../core/caller/facts/next-steps.ts';
import { isStuck, type WorkerReport } from '../../../core/caller/facts/worker-now.ts';
import type { NextStep } from '../../../core/kernel/acts.ts';
import { isoUtc } from '../../../core/kernel/clock.ts';
import { capitalised } from '../../../core/kernel/text.ts';
import { readEvents } from '../../../core/session/events/event-log.ts';
import type { SessionEvent } from '../../../core/session/events/events.ts';
import type { SessionView } from '../../../core/session/events/session-view.ts';
import { proofFact } from '../../../core/session/facts.ts';
import { nameWithoutDate } from '../../../core/session/layout/names.ts';
import { needsHuman } from '../../../core/session/session-list.ts';
import { proofWords, stateText, statusSentence, WORKER_GONE } from '../../../core/session/words.ts';
import type { ReportGap, SessionCard, Tone } from '../html/report-data.ts';

export interface CardQuestion {
  view: SessionView;
  worker: WorkerReport;
  /** Renders the next steps for the person who reads the page. */
  wordsOf: (steps: readonly NextStep[]) => string[];
  /** All events of the session, if the caller has already read them. */
  events?: readonly SessionEvent[] | undefined;
}

export async function sessionCard(
  { view, worker, wordsOf, events: known }: CardQuestion,
  { clock }: Pick<ActionContext, 'clock'>,
): Promise<{ card: SessionCard; events: readonly SessionEvent[] }> {
  const { state, sessionFile, folder, paths, isUnreadable } = view;
  const { status, progress, worktree, cost } = state;
  const events = isUnreadable ? [] : (known ?? (await readEvents(paths, 0)));
  const now = isoUtc(clock.now());
  const tone = toneOf(view, worker);
  const proof = proofFact(view);
  const card: SessionCard = {
    name: nameWithoutDate(folder),
    project: basename(sessionFile?.mainRepo ?? dirname(paths.sessionsDir)),
    tone,
    sentence: sentenceOf(view, worker),
    says: status.kind === 'done' ? status.summary : status.kind === 'blocked' ? status.reason : undefined,
    phase: progress.phase,
    branch: worktree?.branch,
    startedAt: state.createdAt ?? status.since,
    until: status.kind === 'done' || status.kind === 'stopped' ? status.since : now,
    iterationCount: progress.totalIterations,
    workedMs: events.reduce((sum, each) => sum + (each.type === 'iteration_ended' ? each.durationMs : 0), 0),
    cost,
    proved: proof && { how: proof.how, words: proofWords(proof) },
    // The reader already has the report.
    next: wordsOf(nextSteps(view).filter(({ act }) => act !== 'make_report')),
  };
  return { card, events };
}

function sentenceOf(view: SessionView, { worker, unwatched }: WorkerReport): string {
  const sentence = capitalised(statusSentence(view).replace(`${view.folder} `, ''));
  const gone = worker === 'gone' ? `${capitalised(WORKER_GONE)}.` : undefined;
  return [sentence, gone, unwatched].filter(Boolean).join(' ');
}

function toneOf(view: SessionView, worker: WorkerReport): Tone {
  if (needsHuman(view) || isStuck(view, worker)) return 'person';
  switch (view.state.status.kind) {
    case 'done':
      return 'done';
    case 'stopped':
      return 'resting';
    default:
      return 'working';
  }
}

type Open = Omit<ReportGap, 'to'>;

/** Finds the periods in which no agent could work, with the reason for each. */
export function findGaps(events: readonly SessionEvent[], until: string): ReportGap[] {
  const gaps: ReportGap[] = [];
  let open: Open | undefined;
  for (const event of events) {
    const begun = beginOf(event);
    // A session that is stopped while it waits still counts as waiting.
    if (begun !== undefined) open ??= { ...begun, from: event.at };
    else if (open !== undefined && endsGap(event)) {
      gaps.push({ ...open, to: event.at });
      open = undefined;
    }
  }
  if (open !== undefined) gaps.push({ ...open, to: until });
  // The clock may have been set back.
  return gaps.filter(({ from, to }) => Date.parse(to) > Date.parse(from));
}

function beginOf(event: SessionEvent): Omit<Open, 'from'> | undefined {
  switch (event.type) {
    case 'parked':
      return {
        words: stateText({ state: 'waiting', for: event.for, about: event.weakened && 'checks' }).brief,
        isForPerson: true,
      };
    case 'blocked':
    case 'stopped':
      return { words: stateText({ state: event.type }).brief, isForPerson: true };
    case 'limited': {
      const { brief } = stateText({ state: 'limited', outage: event.outage?.kind });
      return { words: brief, isForPerson: false };
    }
    case 'queued':
    case 'done':
      return { words: stateText({ state: event.type }).brief, isForPerson: false };
    default:
      return undefined;
  }
}

function endsGap(event: SessionEvent): boolean {
  switch (event.type) {
    case 'answers_recorded':
      return event.open.length === 0;
    case 'plan_approved':
    case 'changes_requested':
    case 'resumed':
    case 'went_on':
    case 'iteration_started':
      return true;
    default:
      return false;
  }
}
