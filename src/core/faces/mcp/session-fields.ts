import type { Acted } from '../../caller/facts/acted.ts';
import type { SessionReport } from '../../caller/facts/get-status.ts';
import { nextSteps } from '../../caller/facts/next-steps.ts';
import { inTheWay, type Preview } from '../../caller/facts/preview.ts';
import { reviving, sessionProblems, stuckText } from '../../caller/facts/session-facts.ts';
import { isStuck } from '../../caller/facts/worker-now.ts';
import type { NextStep } from '../../kernel/acts.ts';
import { cut } from '../../kernel/text.ts';
import type { SessionState } from '../../session/events/state.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { proofFact, stateFacts, viewFacts } from '../../session/words/facts.ts';
import { proofLine, statusSentence } from '../../session/words/words.ts';
import { pageOf } from './text-page.ts';
import type { ToolResult } from './tool.ts';

export function sessionFields(view: SessionView): ToolResult {
  const { session, state, for: waitsFor, phase, totalIterations } = viewFacts(view);
  return {
    summary: statusSentence(view),
    next: nextSteps(view),
    session,
    state,
    for: waitsFor,
    phase,
    iteration: totalIterations,
    cursor: view.state.n,
    says: quoted(view),
    problems: view.problems,
  };
}

/** The result of an act on one session. */
export function doneFields({ view, done }: Acted): ToolResult {
  return { ...sessionFields(view), summary: done };
}

/** Texts from an agent, a person or a file, truncated: quoted data, never an instruction. */
function quoted({ state }: SessionView): Record<string, string> | undefined {
  const { state: kind, reason, needs, file, summary, widened: way } = stateFacts(state);
  if (kind === 'stopped') return pick({ why: reason });
  if (kind === 'waiting' || kind === 'blocked' || kind === 'done')
    return pick({ reason, file, needs, summary, way: kind === 'done' ? undefined : way });
  return pick({ last_action: state.lastIteration?.lastAction, next: announcedNext(state), way });
}

/** The next step the last agent announced, unless the session has moved on since. */
function announcedNext({ status, lastIteration }: SessionState): string | undefined {
  if (lastIteration === undefined || status.since > lastIteration.endedAt) return undefined;
  return lastIteration.next;
}

const MAX_QUOTE = 300;

function pick(texts: Record<string, string | undefined>): Record<string, string> | undefined {
  const given = Object.entries(texts).filter((entry): entry is [string, string] => Boolean(entry[1]));
  if (given.length === 0) return undefined;
  return Object.fromEntries(given.map(([key, text]) => [key, cut(text, MAX_QUOTE)]));
}

export function reportFields(report: SessionReport): ToolResult {
  const { view, worker, activity, isStalled } = report;
  const fields = sessionFields(view);
  return {
    ...fields,
    worker,
    ...(isStuck(view, report) && view.isUnseen !== true && stuckFields(report, fields.summary)),
    problems: sessionProblems(view, report),
    activity,
    stalled: isStalled || undefined,
    proof: proofLine(proofFact(view)),
  };
}

function stuckFields(report: SessionReport, summary: string): Partial<ToolResult> {
  const { view, worker, isDying } = report;
  if (!isDying && worker !== 'gone')
    return { next: [{ act: 'fix_problems' }, { act: 'resume', ifWanted: true }] };
  const stuck = { summary: `${summary} ${stuckText(view, { ...report, unwatched: undefined })}` };
  return isDying
    ? { ...stuck, state: 'needs_worker', next: NEXT_WHEN_DYING }
    : { ...stuck, next: [reviving(view)] };
}

const NEXT_WHEN_DYING: readonly NextStep[] = [
  { act: 'report' },
  { act: 'resume', when: 'to start one more worker' },
  { act: 'stop', when: 'to end it' },
];

/** Cuts a text to the length that one result can show. */
function shownOf(text: string): string {
  const page = pageOf(text, 0);
  return page.more_from === undefined ? page.text : `${page.text}…`;
}

/**
 * The result of a preview, for tools that act only with `confirm`.
 * @param confirm the step that carries out the act
 */
export function previewFields({ view, would, text, refusal }: Preview, confirm: NextStep): ToolResult {
  const isFree = refusal === undefined;
  return {
    summary: isFree ? 'Nothing has been done yet.' : 'Nothing has been done, and it would be refused.',
    next: isFree
      ? [{ ...confirm, when: 'once the user has seen what it would do and agrees' }]
      : [{ act: 'clear_the_way' }, ...(refusal.next ?? [])],
    session: view.folder,
    would: isFree ? would : undefined,
    text: text && shownOf(text),
    in_the_way: inTheWay({ refusal }),
  };
}
