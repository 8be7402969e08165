import type { NextStep } from '../../kernel/acts.ts';
import { capitalised, counted } from '../../kernel/text.ts';
import { FINISHING } from '../../session/events/bodies/finishing.ts';
import { endNow } from '../../session/events/open-work.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { type ViewFacts, viewFacts } from '../../session/words/facts.ts';
import { statusSentence, WORKER_GONE } from '../../session/words/words.ts';
import type { SessionReport } from './get-status.ts';
import { nextSteps } from './next-steps.ts';
import { DYING } from './recent-revivals.ts';
import { spentText } from './spent-text.ts';
import { isStuck, type WorkerNow, type WorkerReport, workerNow } from './worker-now.ts';

/** A session with its worker and its agent's current activity. */
export interface SessionFacts extends ViewFacts {
  doing?: string;
  stalled?: true;
  worker: WorkerNow;
  /** Cost and tokens as text, with the limits in effect. */
  spent?: string;
  /** How much of the plan of its login is used, as last seen. */
  plan?: string;
  next: NextStep[];
}

/** @param report absent right after an act, which has started a worker */
export function sessionFacts(
  view: SessionView,
  report: Partial<Omit<SessionReport, 'view'>> = {},
): SessionFacts {
  const { activity, isStalled, isDying = false, unwatched, plan } = report;
  const worker = report.worker ?? workerNow(view, { ageMs: 0, isContinued: true, isDying: false });
  const stuck = isStuck(view, { worker, isDying, unwatched });
  const facts = viewFacts(view);
  const problems = [...(isDying ? [dyingText(view)] : []), ...sessionProblems(view, report)];
  return {
    ...facts,
    needsHuman: facts.needsHuman || stuck,
    doing: activity,
    stalled: isStalled || undefined,
    worker,
    spent: spentText(view),
    plan,
    problems: problems.length > 0 ? problems : undefined,
    next: stuck && !view.isUnseen ? [{ ...reviving(view), session: view.folder }] : nextSteps(view),
  };
}

/** The step that starts a worker, and what it completes. */
export function reviving({ state }: SessionView): NextStep {
  const end = endNow(state);
  return { act: 'resume', ...(end && { when: `to complete its ${FINISHING[end]}` }) };
}

/** One sentence for each problem of a session and of the supervisor that watches it. */
export function sessionProblems(
  { problems, pendingCommands: { length: queued }, state }: SessionView,
  { unwatched, troubles = [] }: Partial<SessionReport>,
): string[] {
  // Before the first event, its own start is queued.
  const isWaiting = queued > 0 && state.createdAt !== undefined;
  const verbs = queued === 1 ? 'is queued and takes' : 'are queued and take';
  return [
    ...problems,
    ...(isWaiting ? [`${counted(queued, 'command')} ${verbs} effect once a worker answers.`] : []),
    ...(unwatched === undefined ? [] : [unwatched]),
    ...troubles,
  ];
}

/** The reason why a session does not continue until a person acts. */
export function stuckText(view: SessionView, { isDying, unwatched }: WorkerReport): string {
  return isDying ? dyingText(view) : (unwatched ?? `${capitalised(WORKER_GONE)}.`);
}

/** Describes a group in sentences: the number of done sessions, and the activity or wait of each other one. */
export function groupLines(members: readonly { view: SessionView; report?: WorkerReport }[]): string[] {
  const open = members.filter(({ view }) => view.state.status.kind !== 'done');
  const lines = open.map(({ view, report }) => {
    const isGone = report !== undefined && isStuck(view, report) && !view.isUnseen;
    return isGone ? `${statusSentence(view)} ${stuckText(view, report)}` : statusSentence(view);
  });
  const more = lines.length > MAX_OF_GROUP ? [`And ${lines.length - MAX_OF_GROUP} more.`] : [];
  const done = `${members.length - open.length} of ${members.length} done.`;
  return [done, ...lines.slice(0, MAX_OF_GROUP), ...more];
}

const MAX_OF_GROUP = 20;

function dyingText({ paths }: SessionView): string {
  return `${DYING}: see worker.stderr in ${paths.runDir}.`;
}
