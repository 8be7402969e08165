import { basename, join } from 'node:path';
import { readPlanOf } from '../../../core/acts/gates/read-plan.act.ts';
import { readQaOf } from '../../../core/acts/gates/read-qa.act.ts';
import { refusalNow } from '../../../core/caller/commands/early-refusal.ts';
import { nextSteps } from '../../../core/caller/facts/next-steps.ts';
import { spentText } from '../../../core/caller/facts/spent-text.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { stampsAt } from '../../../core/kernel/files/stamps.ts';
import { capitalised, cut, shownText } from '../../../core/kernel/text.ts';
import { parsePlan } from '../../../core/session/documents/plan.ts';
import type { QaQuestion } from '../../../core/session/documents/qa-blocks.ts';
import { missingText } from '../../../core/session/events/pull-request-change.ts';
import type { WaitingStatus } from '../../../core/session/events/state.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { handleOf } from '../../../core/session/layout/names.ts';
import { describeRecurring, proofFact, viewFacts } from '../../../core/session/words/facts.ts';
import { proofLine, stateText } from '../../../core/session/words/words.ts';
import type { Notification, Offer } from './notification.ts';
import { isStillOpen, kindNeedsPerson, type QueuedNotice } from './queued-notice.ts';

export interface ComposeOptions {
  /** `titles`: no text written by an agent or the user, and no path. */
  detail?: 'full' | 'titles';
  /** Returns the session's address on the live page, or undefined if the page is not running. */
  pageOf?: ((view: SessionView) => Promise<string | undefined>) | undefined;
}

const MAX_BODY = 16_000;

/**
 * Renders a notice from the session's current state.
 * @param view undefined if the session was deleted or cannot be read; then the text of the notice is used
 * @returns undefined if the notice has been settled in the meantime
 */
export async function compose(
  notice: QueuedNotice,
  view: SessionView | undefined,
  { detail = 'full', pageOf }: ComposeOptions = {},
): Promise<Notification | undefined> {
  const { id, at, kind, session, sessionsDir } = notice;
  if (view === undefined ? isDeleted(notice) : !isStillOpen(notice, view)) return undefined;
  const needsPerson = kindNeedsPerson(kind);
  const offers = view ? offersOf(view) : [];
  const head = { id, at, kind, needsPerson, session, sessionsDir, offers };
  const project = basename(view?.sessionFile?.mainRepo ?? '');
  const title = titleOf(notice, view, project);
  if (detail === 'titles') return { ...head, project, title, body: '' };
  const { text, ...asks } = await detailsOf(notice, view);
  const page = view && (await pageOf?.(view));
  const run = view?.sessionFile?.recurring && `Recurring: ${describeRecurring(view.sessionFile.recurring)}`;
  const body = cut(shownText([run, text].filter(Boolean).join('\n')).trim(), MAX_BODY);
  return { ...head, project, title, body, ...(page && { page }), ...asks };
}

/** What the session would take from a phone without further words. A resume also starts a worker that is missing. */
export function offersOf(view: SessionView): Offer[] {
  const isTaken = (kind: Offer) => refusalNow(kind, view, { by: { channel: 'phone' } }) === undefined;
  const isDone = view.state.status.kind === 'done';
  const isResumed = !isDone && (view.needsWorker || isTaken('resume'));
  return [...(isResumed ? (['resume'] as const) : []), ...(isTaken('stop') ? (['stop'] as const) : [])];
}

/** Whether no person needs to act any more. If its SESSIONS folder is missing, as without its disk, a session may still exist. */
function isDeleted({ kind, sessionsDir, session }: QueuedNotice): boolean {
  return kindNeedsPerson(kind) && isThere(sessionsDir) && !isThere(join(sessionsDir, session));
}

function isThere(path: string): boolean {
  return statsAt(path) !== undefined;
}

type Details = { text: string } & Pick<Notification, 'questions' | 'plan'>;

async function detailsOf({ kind, text }: QueuedNotice, view: SessionView | undefined): Promise<Details> {
  const status = view?.state.status;
  if (view === undefined || status === undefined) return { text };
  switch (kind) {
    case 'waiting':
    case 'plan_changed':
      return status.kind === 'waiting' ? await waitingDetails(view, status) : { text };
    case 'blocked':
      return status.kind === 'blocked' ? { text: `${status.reason}\nNeeds: ${status.needs}` } : { text };
    case 'limited': {
      const isKept = status.kind === 'limited' && status.kept !== undefined;
      const way = `To use the rest until that window ends: samocode resume ${view.folder}`;
      return { text: isKept ? way : text };
    }
    case 'queued':
      return status.kind === 'queued' && view.lease?.unmetRequirements === undefined
        ? { text: `Queued since ${stampsAt(Date.parse(status.since)).minute}: ${status.reason}` }
        : { text };
    case 'done':
      return { text: doneText(view, status.kind === 'done' ? status.summary : '') };
    case 'pull_request':
      return { text: pullRequestText(view) };
    default:
      return { text };
  }
}

async function waitingDetails(view: SessionView, status: WaitingStatus): Promise<Details> {
  const reason = status.reason ?? '';
  if (status.for === 'qa_answers') {
    const { questions: all, about } = await readQaOf(view);
    const questions = all.filter(({ isOpen }) => isOpen);
    return {
      text: [reason, ...questions.map(formatQuestion), about?.text].filter(Boolean).join('\n\n'),
      questions,
    };
  }
  if (status.for === 'file_update') return { text: `${reason}\nFile: ${status.file ?? ''}` };
  const plan = status.plan === undefined ? undefined : await planOf(view);
  if (plan === undefined) return { text: reason };
  return { text: [reason, plan.summary].filter(Boolean).join('\n\n'), plan };
}

function formatQuestion({ id, text, options, suggestion }: QaQuestion): string {
  const lines = options.map((option) => {
    const isSuggested = suggestion?.letters.includes(option.letter);
    return `  ${option.letter}) ${option.text}${isSuggested ? ' (suggested)' : ''}`;
  });
  return [`${id}: ${text}`, ...lines].join('\n');
}

async function planOf(view: SessionView): Promise<Notification['plan']> {
  try {
    const { name, hash, text, servers, warnings, remarks } = await readPlanOf(view);
    const { title, phases } = parsePlan(text);
    const lines = phases.map((phase) => `${phase.number}. ${phase.name}`);
    const summary = [title ?? name, ...warnings, ...lines, ...servers, ...remarks].join('\n');
    return { name, path: join(view.paths.sessionDir, name), hash, summary: shownText(summary) };
  } catch (error) {
    // The plan was removed or became unreadable; the session still waits.
    if (isSamocodeError(error)) return undefined;
    throw error;
  }
}

function doneText(view: SessionView, summary: string): string {
  const { state } = view;
  const isToFinish = nextSteps(view).some(({ act }) => act === 'finish');
  const proof = proofLine(proofFact(view));
  const spent = spentText(view);
  return [
    summary,
    ...(proof === undefined ? [] : [`Proof ${proof}`]),
    ...(state.workedOn === undefined ? [] : [`Worked on: ${state.workedOn.join(', ')}`]),
    ...(state.worktree === undefined ? [] : [`Branch: ${state.worktree.branch}`]),
    ...(spent === '' ? [] : [`Spent: ${spent}`]),
    ...(isToFinish ? [`Next, in a terminal: samocode finish ${handleOf(view.folder)}`] : []),
  ].join('\n');
}

function pullRequestNow(view: SessionView | undefined): string {
  const { pullRequest } = view?.state ?? {};
  if (pullRequest === undefined) return 'has changed';
  const { number, state, unseen, asks } = pullRequest;
  const how = unseen ? 'cannot be read' : asks ? 'needs you' : `is ${state}`;
  return `#${number} ${how}`;
}

function pullRequestText(view: SessionView): string {
  const { pullRequest } = view.state;
  const isMerged = pullRequest?.state === 'merged';
  return [
    pullRequest?.url,
    pullRequest?.unseen?.why,
    pullRequest?.asks,
    pullRequest?.missing && `${capitalised(missingText(pullRequest.missing))}.`,
    ...(isMerged ? [`Next, in a terminal: samocode archive ${handleOf(view.folder)}`] : []),
  ]
    .filter(Boolean)
    .join('\n');
}

/** One line about a notice: our own text, plus the names of session and project. */
export function titleOf(
  { kind, session, group }: QueuedNotice,
  view: SessionView | undefined,
  project: string,
): string {
  const local = (time: string) => `at ${stampsAt(Date.parse(time)).minute}`;
  const now = view && stateText(viewFacts(view), { when: local }).predicate;
  switch (kind) {
    case 'waiting':
    case 'blocked':
    case 'limited':
    case 'back_off':
      return `${session} ${now ?? (kindNeedsPerson(kind) ? 'needs you' : 'waits and retries')}`;
    case 'plan_changed':
      return `${session} changed its approved plan and waits for your approval`;
    case 'recurring_paused':
      return `${session} is paused: nothing more of it starts`;
    case 'stalled':
      return `${session} shows no sign of life`;
    case 'crash_loop':
      return `${session} is in a crash loop: its worker keeps dying`;
    case 'disk':
      return `${session} waits for its disk`;
    case 'main_checkout_moved':
      return `The main checkout of ${project} changed while ${session} ran`;
    case 'budget':
      return `${session} is close to a limit of its budget`;
    case 'queued':
      return view?.lease?.unmetRequirements
        ? `${session} ${now}`
        : `${session} has been queued for a long time`;
    case 'done':
      return `${session} is done`;
    case 'group_done':
      return `No session of group ${group} is running anymore`;
    case 'revived':
      return `${session} continues after its worker died`;
    case 'answer_changed':
      return `${session}: a recorded answer was changed in the file`;
    case 'fallback':
      return `${session} continues with another provider`;
    case 'widened':
      return `${session} grew beyond quick: questions and a plan come after all`;
    case 'pull_request':
      return `${session}: its pull request ${pullRequestNow(view)}`;
    default:
      return kind satisfies never;
  }
}
