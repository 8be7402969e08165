import { SamocodeError } from '../base/errors.ts';
import { keptCommits, refOf } from '../project/checkpoint-refs.ts';
import { commitOf } from '../project/repository.ts';
import { readEvents } from '../session/event-log.ts';
import type { RewindTarget } from '../session/event-types.ts';
import { REWIND_HALFWAY } from '../session/fold-rewound.ts';
import { findRewindPoint, iterationsWithCheckpoint } from '../session/rewind-point.ts';
import type { SessionView } from '../session/status.ts';
import { afterCommand } from './after-command.ts';
import type { ActionContext } from './context.ts';
import { findSession, type SessionQuestion } from './find-session.ts';

export interface RewindSessionInput extends SessionQuestion {
  /** The iteration at whose end the session shall stand again, 0 for before the first; `undo`: the last rewind. */
  to: RewindTarget;
}

export interface RewindSessionResult {
  view: SessionView;
  /** `rewinding`: many files are still being put back. */
  outcome: 'rewound' | 'rewinding';
  /** What stood there before, as a ref of MAIN_REPO; absent while it is rewinding. */
  undoRef?: string;
  /** Left as they were: too large, unreadable, or repositories of their own. */
  leftOut: string[];
}

/**
 * Takes worktree, plan and notebook back to the end of an iteration, together; the session is stopped then, and
 * `undo` takes it forward again. The branch goes back too, its old tip is kept.
 * @throws RewindFailedError: nothing was put back; RewindHalfwayError; CommandRefusedError, CommandPending
 */
export async function rewindSession(
  input: RewindSessionInput,
  context: ActionContext,
): Promise<RewindSessionResult> {
  const found = await findSession(input, context);
  const request = { kind: 'rewind', to: input.to } as const;
  const { view, events } = await afterCommand(found, request, ENDS, context);
  const halfway = events.find((event) => event.type === 'blocked');
  if (halfway !== undefined) throw new RewindHalfwayError(halfway.reason);
  const end = events.find((event) => event.type === 'rewound' || event.type === 'rewind_failed');
  if (end?.type === 'rewind_failed') throw new RewindFailedError(end);
  if (end === undefined) return { view, outcome: 'rewinding', leftOut: [] };
  return { view, outcome: 'rewound', undoRef: end.undo.ref, leftOut: end.leftOut };
}

const ENDS = ['rewound', 'rewind_failed', 'blocked'] as const;

export interface KeptIteration {
  iteration: number;
  phase: string;
  /** When it ended, ISO 8601; absent for the start. */
  at?: string;
  lastAction?: string;
}

/** The iterations that a session can be taken back to, newest first. */
export async function listCheckpoints(
  question: SessionQuestion,
  context: ActionContext,
): Promise<{ view: SessionView; kept: KeptIteration[] }> {
  const view = await findSession(question, context);
  const { sessionFile, paths } = view;
  if (sessionFile === undefined) return { view, kept: [] };
  const options = { cwd: sessionFile.mainRepo, baseEnv: context.env };
  const kept: KeptIteration[] = [];
  const commits = await keptCommits(sessionFile.folder, options);
  const events = await readEvents(paths.events, 0);
  for (const { commit, ...rest } of iterationsWithCheckpoint(events)) {
    if (commits.has(commit)) kept.push(rest);
  }
  const start = refOf(sessionFile.folder, { kind: 'after', iteration: 0 });
  // Before the first child has run there is nothing to go back from.
  const hasBegun = findRewindPoint(events, 0, new Set()) !== undefined;
  if (hasBegun && (await commitOf(start, options)) !== undefined) kept.push({ iteration: 0, phase: 'init' });
  return { view, kept };
}

class RewindHalfwayError extends SamocodeError {
  readonly code = REWIND_HALFWAY;

  constructor(reason: string) {
    super(
      'The session was only partly rewound, and is blocked.',
      reason,
      'Nothing is lost: a resume completes the rewind, a rewind with undo reverts it.',
    );
  }
}

class RewindFailedError extends SamocodeError {
  readonly code: string;

  constructor({ code, reason }: { code: string; reason: string }) {
    super('The session was not rewound.', reason, 'Put that right, then rewind again.');
    this.code = code;
  }
}
