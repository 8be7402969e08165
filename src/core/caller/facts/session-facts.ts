import type { NextStep } from '../../kernel/acts.ts';
import { capitalised, counted } from '../../kernel/text.ts';
import { FINISHING } from '../../session/events/bodies/finishing.ts';
import { endNow } from '../../session/events/open-work.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { type ViewFacts, viewFacts } from '../../session/words/facts.ts';
import { proofLine, sentenceOf, statusSentence, WORKER_GONE } from '../../session/words/words.ts';
import { cursorOf } from './cursor.ts';
import type { SessionReport } from './get-status.ts';
import { nextSteps } from './next-steps.ts';
import { DYING } from './recent-revivals.ts';
import { spentText } from './spent-text.ts';
import { needsRescue, type WorkerNow, type WorkerReport, workerNow } from './worker-now.ts';

/** What every face shows of a session: each picks from these, and adds words and layout. */
export interface SessionFacts extends ViewFacts {
  /** A sentence without text from agents. */
  summary: string;
  /** Its project's folder, in a list of several projects. */
  project?: string;
  next: readonly NextStep[];
  /** Says what its reader has seen of it. */
  cursor: string;
  worker: WorkerNow;
  /** Its workers keep ending. */
  isDying: boolean;
  /** What its agent is doing, in the agent's words. */
  activity?: string;
  stalled?: true;
  proof?: string;
  /** Cost and tokens as text, with the limits in effect. */
  spent?: string;
  /** How much of the plan of its login is used, as last seen. */
  plan?: string;
  /** Guidance of the user that no agent has confirmed yet. */
  messages?: string;
}

/** @param report absent right after an act, which has started a worker */
export function sessionFacts(
  view: SessionView,
  report: Partial<Omit<SessionReport, 'view'>> = {},
): SessionFacts {
  const { activity, isStalled, isDying = false, unwatched, plan } = report;
  const worker = report.worker ?? workerNow(view, { ageMs: 0, isContinued: true, isDying: false });
  const facts = viewFacts(view);
  const isHeldUp = needsRescue(view, { worker, isDying, unwatched });
  const rescue = isHeldUp && !view.isUnseen ? rescueOf(view, { worker, isDying }) : undefined;
  const problems = [...(isDying ? [stuckText({ isDying })] : []), ...sessionProblems(view, report)];
  return {
    ...facts,
    summary: [sentenceOf(facts), rescue?.says].filter(Boolean).join(' '),
    next: rescue?.next.map((step) => ({ ...step, session: view.folder })) ?? nextSteps(view),
    needsHuman: facts.needsHuman || isHeldUp,
    cursor: cursorOf({ n: view.state.n, knowsStuck: isHeldUp }),
    worker,
    isDying,
    activity,
    stalled: isStalled || undefined,
    proof: proofLine(facts.proofFacts),
    spent: spentText(view) || undefined,
    plan,
    messages: messageWords(view.state.messages) || undefined,
    problems: problems.length > 0 ? problems : undefined,
  };
}

/** As programs get them, by tool or with `--json`. */
export function forPrograms({ isDying, ...facts }: SessionFacts) {
  return { ...facts, state: isDying ? ('needs_worker' as const) : facts.state };
}

interface Rescue {
  /** Why it does not continue, unless its problems say so. */
  says?: string;
  next: NextStep[];
}

/** What a person does about a session that cannot continue on its own. */
function rescueOf(view: SessionView, { worker, isDying }: Pick<SessionFacts, 'worker' | 'isDying'>): Rescue {
  if (!isDying && worker !== 'gone')
    return { next: [{ act: 'fix_problems' }, { act: 'resume', ifWanted: true }] };
  const end = endNow(view.state);
  const next: NextStep[] = isDying
    ? [
        { act: 'report' },
        { act: 'resume', when: 'to start one more worker' },
        { act: 'stop', when: 'to end it' },
      ]
    : [{ act: 'resume', ...(end && { when: `to complete its ${FINISHING[end]}` }) }];
  return { says: stuckText({ isDying }), next };
}

/** Counts the user's messages that no agent has acknowledged; the session cannot be done before that. */
function messageWords({ waiting, unacknowledged }: SessionView['state']['messages']): string {
  return [
    ...(waiting.length > 0 ? [`${waiting.length} for the next agent`] : []),
    ...(unacknowledged.length > 0 ? [`${unacknowledged.length} given, not yet acknowledged`] : []),
  ].join(', ');
}

/** One sentence for each problem of a session and of the supervisor that watches it. */
function sessionProblems(
  { problems, pendingCommands: { length: queued }, state }: SessionView,
  { unwatched, troubles = [], remarks = [] }: Partial<SessionReport>,
): string[] {
  // Before the first event, its own start is queued.
  const isWaiting = queued > 0 && state.createdAt !== undefined;
  const verbs = queued === 1 ? 'is queued and takes' : 'are queued and take';
  return [
    ...problems,
    ...(isWaiting ? [`${counted(queued, 'command')} ${verbs} effect once a worker answers.`] : []),
    ...(unwatched === undefined ? [] : [unwatched]),
    ...troubles,
    ...remarks,
  ];
}

/** The reason why a session does not continue until a person acts. */
export function stuckText({ isDying, unwatched }: Pick<WorkerReport, 'isDying' | 'unwatched'>): string {
  if (isDying) return `${DYING}: see worker.stderr in its run folder.`;
  return unwatched ?? `${capitalised(WORKER_GONE)}.`;
}

/** Describes a group in sentences: the number of done sessions, and the activity or wait of each other one. */
export function groupLines(members: readonly { view: SessionView; report?: WorkerReport }[]): string[] {
  const open = members.filter(({ view }) => view.state.status.kind !== 'done');
  const lines = open.map(({ view, report }) => {
    const isGone = report !== undefined && needsRescue(view, report) && !view.isUnseen;
    return isGone ? `${statusSentence(view)} ${stuckText(report)}` : statusSentence(view);
  });
  const more = lines.length > MAX_OF_GROUP ? [`And ${lines.length - MAX_OF_GROUP} more.`] : [];
  const done = `${members.length - open.length} of ${members.length} done.`;
  return [done, ...lines.slice(0, MAX_OF_GROUP), ...more];
}

const MAX_OF_GROUP = 20;
