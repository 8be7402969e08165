import { basename, dirname } from 'node:path';
import type { NextStep } from '../../base/acts.ts';
import { isoUtc } from '../../base/clock.ts';
import { capitalised } from '../../base/plain-words.ts';
import type { SessionCard, Tone } from '../../report/report-data.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { nameWithoutDate } from '../../session/layout/names.ts';
import { makeProof } from '../../session/proof/make-proof.ts';
import { needsHuman } from '../../session/session-list.ts';
import { statusSentence, WORKER_GONE } from '../../session/words.ts';
import type { ActionContext } from '../acting/context.ts';
import { nextSteps } from '../acting/next-steps.ts';
import { isStuck, type WorkerReport } from '../reading/worker-now.ts';
import { workedMs } from './time-line.ts';

export interface CardQuestion {
  view: SessionView;
  worker: WorkerReport;
  /** Words the next steps for the person who reads the page. */
  wordsOf: (steps: readonly NextStep[]) => string;
}

/** What a page says of a session at a glance. */
export async function sessionCard(
  { view, worker, wordsOf }: CardQuestion,
  { clock }: Pick<ActionContext, 'clock'>,
): Promise<{ card: SessionCard; events: SessionEvent[] }> {
  const { state, sessionFile, folder, paths, isForeign, isUnreadable } = view;
  const { status, progress, worktree, cost } = state;
  const events = isForeign || isUnreadable ? [] : await readEvents(paths.events, 0);
  const now = isoUtc(clock.now());
  const tone = toneOf(view, worker);
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
    workedMs: workedMs(events.flatMap((event) => (event.type === 'iteration_ended' ? [event] : []))),
    cost,
    isProved: status.kind === 'done' ? makeProof(events)?.checks !== undefined : undefined,
    next: wordsOf(nextSteps(view)),
  };
  return { card, events };
}

/** The page says its name already. */
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
