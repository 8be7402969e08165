import { SamocodeError } from '../../base/errors.ts';
import { statsAt } from '../../base/files/look-at.ts';
import { counted } from '../../base/plain-words.ts';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { ACTION_ERRORS } from '../acting/action-errors.ts';
import { type AfterCommand, ALL_FILES_MS, afterCommand } from '../acting/after-command.ts';
import type { ActionContext } from '../acting/context.ts';
import type { CommandRequest } from '../acting/send-command.ts';
import { archiveRequest, type FinishSessionInput, type FinishWay, lookAtFinish } from './look-at-finish.ts';
import { publish } from './publish.ts';

export interface FinishResult {
  view: SessionView;
  done: string;
  /** The folder that took the session or its documents; empty where nothing was moved. */
  place: string;
  moved: readonly string[];
  /** Shell commands that are left to the person, in order. */
  commands: readonly string[];
  url?: string;
  bodyPath?: string;
}

/**
 * Finishes a session in one of the ways; work that no commit holds is never lost by it.
 * @throws an early refusal, the worker's refusal with what would be lost; not_finished; not_merged; pending
 */
export async function finishSession(
  input: FinishSessionInput,
  context: ActionContext,
): Promise<FinishResult> {
  const look = await lookAtFinish(input, context);
  const { view, refusal } = look;
  if (refusal) throw refusal;
  const send = (request: CommandRequest, endsIn: EventType, workMs = ALL_FILES_MS) =>
    afterCommand(view, request, [endsIn], context, { workMs });
  const { how } = input;
  switch (how) {
    case 'unarchive':
      return archivedResult(how, await send({ kind: 'unarchive' }, 'worker_left'));
    case 'keep_branch':
    case 'archive_documents':
      return archivedResult(how, await send({ kind: 'archive', ...archiveRequest(input) }, 'worker_left'));
    case 'discard':
      return archivedResult(how, await send({ kind: 'discard' }, 'worker_left'));
    case 'merge':
      return mergeResult(await send({ kind: 'merge' }, 'merge_ended', input.waitMs));
    case 'pull_request': {
      const { said, ...published } = await publish(look, context);
      return { view, place: '', moved: [], done: said, ...published };
    }
    default:
      return how satisfies never;
  }
}

function archivedResult(
  how: Exclude<FinishWay, 'merge' | 'pull_request'>,
  { view, events }: AfterCommand,
): FinishResult {
  const archived = events.find((event) => event.type === 'archived');
  const { to: place = '', moved = [] } = archived ?? {};
  const result = { view, place, moved, commands: [] };
  switch (how) {
    case 'keep_branch': {
      if (!view.state.archived) throw notFinished(view, events);
      const { branch } = view.state.worktree ?? {};
      const kept = branch === undefined ? '' : ` Its branch ${branch} is kept.`;
      return { ...result, done: `${view.folder} is archived in ${place}.${kept}` };
    }
    case 'discard': {
      if (!view.state.archived) throw notFinished(view, events);
      const { trash } = view.state;
      const kept =
        trash && ` Branch and worktree are kept as ${trash.ref} until ${trash.until.slice(0, 10)}.`;
      return { ...result, done: `${view.folder} is discarded; its folder is in ${place}.${kept ?? ''}` };
    }
    case 'archive_documents': {
      if (moved.some((name) => statsAt(`${view.paths.sessionDir}/${name}`))) throw notFinished(view, events);
      const done = `Archived in ${place}: ${counted(moved.length, 'document')} of ${view.folder}.`;
      return { ...result, done };
    }
    case 'unarchive':
      if (view.state.archived) throw notFinished(view, events);
      return { ...result, done: `${view.folder} is restored.` };
    default:
      return how satisfies never;
  }
}

function mergeResult({ view, events }: AfterCommand): FinishResult {
  const end = events.find((event) => event.type === 'merge_ended');
  const result = { view, place: '', moved: [], commands: end?.commands ?? [] };
  if (end === undefined)
    return { ...result, done: `${view.folder} is being merged; its status says when that has ended.` };
  const { outcome, into, commit = '', reason = '', files, commands } = end;
  switch (outcome) {
    case 'merged':
      return { ...result, done: `${view.folder} is merged into ${into}, at ${commit.slice(0, 12)}.` };
    case 'ready':
      return {
        ...result,
        done: `The merge is made and nothing else was changed. ${reason} These commands do the rest.`,
      };
    case 'conflicts':
    case 'checks_failed':
    case 'stopped':
    case 'failed':
      throw ACTION_ERRORS.not_merged({ session: view.folder, into, reason, files, commands });
    default:
      return outcome satisfies never;
  }
}

/** Its worker could not do what it had accepted; it has recorded why, and that things are as they were. */
function notFinished({ folder }: SessionView, events: AfterCommand['events']): SamocodeError {
  const notice = events.findLast((event) => event.type === 'notice');
  const error = ACTION_ERRORS.not_finished({ session: folder, reason: notice?.text });
  return notice === undefined ? error : new SamocodeError(notice.code, error.args, error);
}
