import { basename, join } from 'node:path';
import { readPlanOf } from '../actions/gates/read-plan.ts';
import { readQaOf } from '../actions/gates/read-qa.ts';
import { spentWords } from '../actions/reading/spent-words.ts';
import { isSamocodeError } from '../base/errors.ts';
import { plainWords } from '../base/plain-words.ts';
import { OUTAGE_WORDS } from '../phases/outage.ts';
import { parsePlan } from '../session/documents/plan.ts';
import type { QaQuestion } from '../session/documents/qa-question.ts';
import type { SessionView } from '../session/events/session-view.ts';
import type { WaitingStatus } from '../session/events/state.ts';
import type { Notification } from './notification.ts';
import { needsPerson, type QueuedNotice } from './queued-notice.ts';
import { isStillOpen } from './still-open.ts';

export interface ComposeOptions {
  /** `titles`: nothing of what an agent or the project's person has written, and no path. */
  detail?: 'full' | 'titles';
}

/** More than any channel shows. */
const MAX_BODY = 16_000;

/**
 * Words a notice by what its session is now.
 * @param view undefined where the session is gone
 * @returns undefined where what it is about has been settled meanwhile
 */
export async function compose(
  notice: QueuedNotice,
  view: SessionView | undefined,
  { detail = 'full' }: ComposeOptions = {},
): Promise<Notification | undefined> {
  const { id, at, kind, session, sessionsDir } = notice;
  if (view === undefined ? needsPerson(kind) : !isStillOpen(notice, view)) return undefined;
  const head = { id, at, kind, needsPerson: needsPerson(kind), session, sessionsDir };
  const project = basename(view?.sessionFile?.mainRepo ?? '');
  const title = titleOf(notice, view, project);
  if (detail === 'titles') return { ...head, project, title, body: '' };
  const { text, ...asks } = await detailsOf(notice, view);
  return { ...head, project, title, body: plainWords(text).trim().slice(0, MAX_BODY), ...asks };
}

/** Words of ours alone, beside the names of session and project. */
function titleOf({ kind, session }: QueuedNotice, view: SessionView | undefined, project: string): string {
  const status = view?.state.status;
  switch (kind) {
    case 'waiting':
      return `${session} waits for ${status?.kind === 'waiting' ? awaited(status) : 'you'}`;
    case 'plan_changed':
      return `${session} changed its approved plan and waits for your approval`;
    case 'blocked':
      return `${session} is blocked and needs you`;
    case 'stalled':
      return `${session} shows no sign of life`;
    case 'crash_loop':
      return `${session} stands still: its worker ends again and again`;
    case 'main_checkout_moved':
      return `The main checkout of ${project} changed while ${session} ran`;
    case 'limited': {
      const until = status?.kind === 'limited' ? ` until ${localTime(status.until)}` : '';
      return `${session} waits for the end of a usage limit${until}`;
    }
    case 'back_off': {
      const outage = status?.kind === 'limited' ? status.outage : undefined;
      return `${session} keeps waiting: ${outage ? OUTAGE_WORDS[outage.kind] : 'the provider does not answer'}`;
    }
    case 'budget':
      return `${session} comes near a limit of its budget`;
    case 'queued':
      return `${session} has been queued for a long time`;
    case 'done':
      return `${session} is done`;
    case 'revived':
      return `${session} continues after its worker had died`;
    case 'answer_changed':
      return `${session}: a recorded answer was changed in the file`;
    case 'fallback':
      return `${session} continues with another provider`;
    default:
      return kind satisfies never;
  }
}

function awaited({ for: waitsFor, openQuestions }: WaitingStatus): string {
  switch (waitsFor) {
    case 'qa_answers':
      return openQuestions.length === 1 ? 'an answer' : `${openQuestions.length} answers`;
    case 'plan_approval':
      return 'approval of its plan';
    case 'file_update':
      return 'a change to a file';
    case 'human_action':
      return 'something that you must do';
    default:
      return waitsFor satisfies never;
  }
}

type Details = { text: string } & Pick<Notification, 'questions' | 'plan'>;

async function detailsOf({ kind, text }: QueuedNotice, view: SessionView | undefined): Promise<Details> {
  const status = view?.state.status;
  if (view === undefined || status === undefined) return { text };
  switch (kind) {
    case 'waiting':
    case 'plan_changed':
      return status.kind === 'waiting' ? await askedIn(view, status) : { text };
    case 'blocked':
      return status.kind === 'blocked' ? { text: `${status.reason}\nNeeds: ${status.needs}` } : { text };
    case 'done':
      return { text: doneWords(view, status.kind === 'done' ? status.summary : '') };
    default:
      return { text };
  }
}

async function askedIn(view: SessionView, status: WaitingStatus): Promise<Details> {
  const reason = status.reason ?? '';
  if (status.for === 'qa_answers') {
    const questions = (await readQaOf(view)).questions.filter(({ isOpen }) => isOpen);
    return { text: [reason, ...questions.map(questionWords)].filter(Boolean).join('\n\n'), questions };
  }
  if (status.for === 'file_update') return { text: `${reason}\nFile: ${status.file ?? ''}` };
  const plan = status.plan === undefined ? undefined : await planOf(view);
  if (plan === undefined) return { text: reason };
  return { text: [reason, plan.summary].filter(Boolean).join('\n\n'), plan };
}

function questionWords({ id, text, options, suggestion }: QaQuestion): string {
  const lines = options.map((option) => {
    const isSuggested = suggestion?.letters.includes(option.letter);
    return `  ${option.letter}) ${option.text}${isSuggested ? ' (suggested)' : ''}`;
  });
  return [`${id}: ${text}`, ...lines].join('\n');
}

async function planOf(view: SessionView): Promise<Notification['plan']> {
  try {
    const { name, hash, text } = await readPlanOf(view);
    const { title, phases } = parsePlan(text);
    const lines = phases.map((phase) => `${phase.number}. ${phase.name}`);
    const summary = [title ?? name, ...lines].join('\n');
    return { name, path: join(view.paths.sessionDir, name), hash, summary: plainWords(summary) };
  } catch (error) {
    // It was removed or replaced by something unreadable since: the session still waits.
    if (isSamocodeError(error)) return undefined;
    throw error;
  }
}

function doneWords({ state, sessionFile, ...view }: SessionView, summary: string): string {
  const checks = state.checks ?? sessionFile?.settings.checks ?? [];
  const spent = spentWords({ state, sessionFile, ...view });
  return [
    summary,
    ...(checks.length > 0 ? [`Checks passed: ${checks.join('; ')}`] : []),
    ...(state.worktree === undefined ? [] : [`Branch: ${state.worktree.branch}`]),
    ...(spent === '' ? [] : [`Spent: ${spent}`]),
  ].join('\n');
}

/** `2026-01-08 14:30` of this machine. */
function localTime(ms: number): string {
  const at = new Date(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
