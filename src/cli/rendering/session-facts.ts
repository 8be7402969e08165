import { nextSteps } from '../../actions/acting/next-steps.ts';
import type { SessionReport } from '../../actions/reading/get-status.ts';
import { DYING } from '../../actions/reading/revival-limit.ts';
import { spentWords } from '../../actions/reading/spent-words.ts';
import { isStuck, type WorkerNow, type WorkerReport, workerNow } from '../../actions/reading/worker-now.ts';
import type { NextStep } from '../../base/acts.ts';
import { isoUtc } from '../../base/clock.ts';
import type { OutageKind } from '../../phases/ending.ts';
import type { WaitingFor } from '../../phases/table.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import type { SessionState } from '../../session/events/state.ts';
import { shortId } from '../../session/layout/names.ts';
import { sandboxWords } from '../../session/sandbox-words.ts';
import { needsHuman } from '../../session/session-list.ts';
import { nextCommands } from './next-commands.ts';

/** A session as `--json` shows it: a contract, so names change only with the version. */
export interface SessionFacts {
  session: string;
  group?: string;
  /** Five characters that name it in every command. */
  id: string;
  /** Its project's folder, in a list of several projects. */
  project?: string;
  state: SessionState['status']['kind'];
  archived?: true;
  for?: WaitingFor;
  reason?: string;
  needs?: string;
  summary?: string;
  /** ISO time when a usage limit ends, or when it tries again. */
  until?: string;
  /** What is waited out where it is no usage limit, and the ISO time after which its person is asked. */
  outage?: OutageKind;
  asksAt?: string;
  phase: string;
  /** Running number within the phase. */
  iteration: number;
  totalIterations: number;
  /** ISO times. */
  createdAt?: string;
  since: string;
  openQuestions?: string[];
  doing?: string;
  /** The child shows no sign of life. */
  stalled?: true;
  /** It stops when its present child has ended, or at once. */
  stops?: 'after_iteration' | 'now';
  needsHuman: boolean;
  worker: WorkerNow;
  task?: string;
  branch?: string;
  base?: string;
  worktree?: string;
  /** What keeps its agents from what is not theirs. */
  sandbox?: string;
  sessionDir: string;
  costUsd?: number;
  /** Money and tokens in words, with the limits that there are. */
  spent?: string;
  problems?: string[];
  /** The command that goes on from here. */
  next: string;
}

export function sessionFacts(
  view: SessionView,
  report: Partial<Omit<SessionReport, 'view'>> = {},
): SessionFacts {
  const { state, sessionFile, paths } = view;
  const { activity, isStalled, isDying = false, unwatched, troubles = [] } = report;
  // Whoever has just acted on it has started a worker.
  const worker = report.worker ?? workerNow(view, { ageMs: 0, isContinued: true, isDying: false });
  const stuck = isStuck(view, { worker, isDying, unwatched });
  const problems = [
    ...view.problems,
    ...(isDying ? [dyingWords(view)] : []),
    ...(unwatched === undefined ? [] : [unwatched]),
    ...troubles,
  ];
  const { progress, worktree, status } = state;
  const task = state.goal ?? sessionFile?.task ?? sessionFile?.dive;
  return {
    session: view.folder,
    group: sessionFile?.group,
    id: shortId(view.folder),
    state: status.kind,
    archived: state.archived || undefined,
    ...stateFacts(view),
    phase: progress.phase,
    iteration: progress.phaseIteration,
    totalIterations: progress.totalIterations,
    createdAt: state.createdAt,
    since: status.since,
    doing: activity,
    stalled: isStalled || undefined,
    stops: state.stopWanted?.when,
    needsHuman: needsHuman(view) || stuck,
    worker,
    task: task || undefined,
    branch: worktree?.branch,
    base: worktree?.base,
    worktree: worktree?.path,
    sandbox: sandboxWords(state),
    sessionDir: paths.sessionDir,
    costUsd: state.cost.usd,
    spent: spentWords(view),
    problems: problems.length > 0 ? problems : undefined,
    next: nextCommands(stuck && !view.isUnseen ? [{ act: 'resume', session: view.folder }] : stepsOf(view)),
  };
}

/** Why a session does not continue without an act. */
export function stuckWords(view: SessionView, { isDying, unwatched }: WorkerReport): string {
  return isDying ? dyingWords(view) : (unwatched ?? 'Its worker is gone.');
}

function dyingWords({ paths }: SessionView): string {
  return `${DYING}: see worker.stderr in ${paths.runDir}.`;
}

function stateFacts({ state: { status } }: SessionView): Partial<SessionFacts> {
  switch (status.kind) {
    case 'starting':
    case 'running':
      return {};
    case 'queued':
      return { reason: status.reason };
    case 'waiting':
      return {
        for: status.for,
        reason: status.reason,
        ...(status.openQuestions.length > 0 && { openQuestions: status.openQuestions }),
      };
    case 'limited':
      return {
        until: isoUtc(status.until),
        outage: status.outage?.kind,
        asksAt: status.outage && isoUtc(status.outage.asksAt),
      };
    case 'blocked':
      return { reason: status.reason, needs: status.needs };
    case 'stopped':
      return { reason: status.why };
    case 'done':
      return { summary: status.summary };
    default:
      return status satisfies never;
  }
}

/** A command alone: whoever reads it sees the state beside it. */
function stepsOf(view: SessionView): NextStep[] {
  return nextSteps(view).map((step) => ({ ...step, when: undefined }));
}
