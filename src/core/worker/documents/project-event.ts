import { stampsAt } from '../../kernel/files/stamps.ts';
import { historyLine } from '../../session/documents/history.ts';
import type { OverviewChange, StatusBlock } from '../../session/documents/overview.ts';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import type { EventOf, SessionEvent } from '../../session/events/events.ts';
import type { SessionState, Status } from '../../session/events/state.ts';

/** The worker's part of the overview, from the state. */
export function overviewChange(
  state: SessionState,
  flow: readonly string[],
): OverviewChange & { status: StatusBlock } {
  const { phase, phaseIteration, totalIterations, qualityRounds } = state.progress;
  const status = {
    phase,
    iteration: phaseIteration,
    totalIterations,
    blocked: blockedWord(state.status),
    qualityIteration: phase === 'quality' ? qualityRounds + 1 : undefined,
  };
  return { status, appendFlow: flow, workingDir: state.worktree?.path };
}

/**
 * Events after which the phase line is rewritten: an agent may have changed it, or a person may have set a phase behind
 * a closed gate. After any other event a different line is a person's edit, not yet read.
 */
export function rewritesPhase(event: SessionEvent): boolean {
  return event.type === 'notice' ? event.code === 'gate_closed' : REWRITES_PHASE.includes(event.type);
}

const REWRITES_PHASE: readonly EventType[] = [
  'prepared',
  'iteration_started',
  'iteration_ended',
  'phase_set',
  'rewound',
  'rewind_failed',
];

/** The flow log lines of an event: the worker's own, and those that an agent wrote. */
export function flowLinesOf(event: SessionEvent): string[] {
  const own = event.flow === undefined ? [] : [`[${stampsAt(Date.parse(event.at)).log}] ${event.flow}`];
  return event.type === 'iteration_ended' ? [...event.flowLines, ...own] : own;
}

/** One line of `_signal_history.jsonl`, LF included. */
export function historyLineOf(event: EventOf<'iteration_ended'>): string {
  const { iteration, phase, ending, signal, at, n } = event;
  return historyLine({
    timestamp: stampsAt(Date.parse(at)).second,
    iteration,
    phase: signal?.phase ?? phase,
    status: signal?.status ?? 'none',
    ...(signal === undefined && { ending }),
    summary: signal?.summary,
    reason: signal?.reason,
    needs: signal?.needs,
    for: signal?.for,
    n,
  });
}

function blockedWord(status: Status): 'no' | 'waiting_human' | 'yes' {
  if (status.kind === 'waiting') return 'waiting_human';
  return status.kind === 'blocked' ? 'yes' : 'no';
}
