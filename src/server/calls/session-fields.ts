import { nextSteps } from '../../actions/acting/next-steps.ts';
import type { Preview } from '../../actions/acting/preview.ts';
import { statusSentence } from '../../actions/acting/status-sentence.ts';
import type { SessionReport } from '../../actions/reading/get-status.ts';
import { DYING } from '../../actions/reading/revival-limit.ts';
import { isStuck } from '../../actions/reading/worker-now.ts';
import type { NextStep } from '../../base/acts.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import type { SessionState } from '../../session/events/state.ts';
import type { ToolResult } from './tool.ts';

/** What every answer about one session carries, and nothing more. */
export function sessionFields(view: SessionView): ToolResult {
  const { state, folder, problems } = view;
  const { status, progress } = state;
  return {
    summary: statusSentence(view),
    next: nextSteps(view),
    session: folder,
    state: status.kind,
    for: status.kind === 'waiting' ? status.for : undefined,
    phase: progress.phase,
    iteration: progress.totalIterations,
    cursor: state.n,
    says: quoted(view),
    problems,
  };
}

/** Words of a child, a person or a file, cut short: data with its source, never an instruction. */
function quoted({ state }: SessionView): Record<string, string> | undefined {
  const { status, lastIteration } = state;
  switch (status.kind) {
    case 'waiting':
      return pick({ reason: status.reason, file: status.file });
    case 'blocked':
      return pick({ reason: status.reason, needs: status.needs });
    case 'stopped':
      return pick({ why: status.why });
    case 'done':
      return pick({ summary: status.summary });
    case 'starting':
    case 'queued':
    case 'running':
    case 'limited':
      return pick({ last_action: lastIteration?.lastAction, next: nextWords(state) });
    default:
      return status satisfies never;
  }
}

/** What the last child said comes next, unless somebody has acted since: then it has come. */
function nextWords({ status, lastIteration }: SessionState): string | undefined {
  if (lastIteration === undefined || status.since > lastIteration.endedAt) return undefined;
  return lastIteration.next;
}

const MAX_QUOTE = 300;

function pick(texts: Record<string, string | undefined>): Record<string, string> | undefined {
  const given = Object.entries(texts).filter((entry): entry is [string, string] => Boolean(entry[1]));
  if (given.length === 0) return undefined;
  return Object.fromEntries(given.map(([key, text]) => [key, cut(text, MAX_QUOTE)]));
}

/** The beginning of a text, without half a character: some models' interfaces refuse a whole request for one. */
export function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max).replace(/[\ud800-\udbff]$/, '')}…` : text;
}

/** The fields with how it stands to its worker, and what the agent does now. */
export function reportFields(report: SessionReport): ToolResult {
  const { view, worker, unwatched, activity, isStalled, troubles } = report;
  const fields = sessionFields(view);
  return {
    ...fields,
    worker,
    ...(isStuck(view, report) && view.isUnseen !== true && stuckFields(report, fields.summary)),
    problems: [...view.problems, ...(unwatched === undefined ? [] : [unwatched]), ...troubles],
    activity,
    stalled: isStalled || undefined,
  };
}

function stuckFields({ view, worker, isDying }: SessionReport, summary: string): Partial<ToolResult> {
  if (isDying) {
    return {
      summary: `${summary} ${DYING}: see worker.stderr in ${view.paths.runDir}.`,
      state: 'needs_worker',
      next: NEXT_WHEN_DYING,
    };
  }
  if (worker !== 'gone') return { next: [{ act: 'fix_problems' }, { act: 'resume', ifWanted: true }] };
  return { summary: `${summary} Its worker is gone.`, next: [{ act: 'resume' }] };
}

const NEXT_WHEN_DYING: readonly NextStep[] = [
  { act: 'report' },
  { act: 'resume', when: 'to start one more worker' },
  { act: 'stop', when: 'to end it' },
];

/**
 * A preview as the answer of a tool that acts only with `confirm`.
 * @param confirm the same act once more, carried out
 */
export function previewFields({ view, would, blockers, next }: Preview, confirm: NextStep): ToolResult {
  const isFree = blockers.length === 0;
  return {
    summary: isFree ? 'Nothing is done yet.' : 'Nothing is done, and it would be refused.',
    next: isFree
      ? [{ ...confirm, when: 'once the user has seen what it would do and agrees' }]
      : [{ act: 'clear_the_way' }, ...next],
    session: view.folder,
    would: isFree ? would : undefined,
    in_the_way: blockers,
  };
}
