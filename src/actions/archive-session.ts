import type { SessionView } from '../session/status.ts';
import { afterCommand } from './after-command.ts';
import type { ActionContext } from './context.ts';
import { findSession, findSessionAndPlace, type SessionQuestion } from './find-session.ts';
import { placesNow } from './places-now.ts';
import type { CommandRequest } from './send-command.ts';

export interface ArchiveSessionInput extends SessionQuestion {
  /** Only its documents, so that the session can be used for new work. */
  documentsOnly: boolean;
  /** Documents that stay, with `documentsOnly`. */
  keep: readonly string[];
}

export interface ArchiveResult {
  view: SessionView;
  /** The folder that took the session or its documents. */
  place: string;
  moved: readonly string[];
}

/**
 * Puts a session away, or its documents. Its branch stays; its worktree goes only when nothing is lost by it.
 * @throws CommandRefusedError with what would be lost, CommandPending
 */
export async function archiveSession(
  input: ArchiveSessionInput,
  context: ActionContext,
): Promise<ArchiveResult> {
  const { view: found, place } = await findSessionAndPlace(input, context);
  const places = await placesNow(found, place, context);
  const command: CommandRequest = {
    kind: 'archive',
    what: input.documentsOnly ? 'documents' : 'session',
    keep: [...input.keep],
    places,
  };
  const { view, events } = await afterCommand(found, command, ['worker_left'], context);
  const archived = events.find((event) => event.type === 'archived');
  return { view, place: archived?.to ?? '', moved: archived?.moved ?? [] };
}

/** Brings a session back from the archive; its worktree is made again when it goes on. */
export async function unarchiveSession(input: SessionQuestion, context: ActionContext): Promise<SessionView> {
  const found = await findSession(input, context);
  return (await afterCommand(found, { kind: 'unarchive' }, ['worker_left'], context)).view;
}
