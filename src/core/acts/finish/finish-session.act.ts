import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ALL_FILES_MS, type CompletedCommand, sendAndAwait } from '../../caller/commands/await-command.ts';
import type { CommandRequest } from '../../caller/commands/send-command.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { inThisBuild } from '../../caller/context/in-this-build.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import type { Acted } from '../../caller/facts/acted.ts';
import { requireShown } from '../../caller/facts/preview.ts';
import type { NextStep } from '../../kernel/acts.ts';
import { SamocodeError } from '../../kernel/errors.ts';
import { redAfter } from '../../kernel/phases/proving.ts';
import { capitalised, counted } from '../../kernel/text.ts';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import type { PublishEnd } from '../../session/events/bodies/finishing.ts';
import type { EventOf } from '../../session/events/events.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { sessionPaths } from '../../session/layout/paths.ts';
import { redAfterText } from '../../session/proof/proof-limits.ts';
import { WATCH_UNTRUSTED, watchChoice } from './is-watched.ts';
import {
  archiveRequest,
  type ConfirmedFinish,
  type FinishSessionInput,
  type FinishWay,
  isOnlyRead,
  judgeFinish,
} from './judge-finish.ts';
import { finishPreview, previewFinish } from './preview-finish.act.ts';
import { publishing } from './publishing.ts';

export interface FinishResult extends Acted {
  /** The folder that the session or its documents were moved to; empty if nothing was moved. */
  place: string;
  moved: readonly string[];
  /** Shell commands left to the person, in order. */
  commands: readonly string[];
  url?: string;
  bodyPath?: string;
  /** git could not push this for want of a login; a person may push it in a terminal, then finish again. */
  unpushed?: PublishEnd['unpushed'];
}

/** Finishes a session. Never loses uncommitted work. */
export async function finishSession(input: ConfirmedFinish, context: ActionContext): Promise<FinishResult> {
  const judged = await judgeFinish(input, context);
  const { view, refusal, isRepeated, base } = judged;
  const { how } = input;
  if (refusal) throw refusal;
  requireShown(await finishPreview(input, judged, context), input.shown);
  if (isOnlyRead(view)) return await moveOlder(view, how);
  const tip = base?.tip ?? '';
  const send = (request: CommandRequest, endsIn: readonly EventType[], workMs = ALL_FILES_MS) =>
    sendAndAwait(view, request, endsIn, context, { workMs });
  if (how === 'pull_request') {
    const { whyNotUnattended } = inThisBuild(publishing);
    const { withAnswers = false, waitMs } = input;
    const watching = await watchChoice(view, input.watch, context);
    const watched = watching === 'on';
    const work = { what: how, watched, ...(withAnswers && { withAnswers }) } as const;
    const request = { kind: 'publish', tip, ...work } as const;
    const published = publishResult(await send(request, ['publish_ended'], waitMs));
    const warning =
      watched && published.from !== undefined ? await whyNotUnattended(judged, published.from, context) : '';
    const unwatched = watching === 'untrusted' ? ` ${WATCH_UNTRUSTED}` : '';
    return { ...published, done: `${published.done}${warning}${unwatched}` };
  }
  if (how === 'merge') {
    // The comment on an issue follows the merge.
    const last = view.sessionFile?.issue === undefined ? 'merge_ended' : 'worker_left';
    const endsIn = ['publish_ended', last] as const;
    if (!isRepeated) return mergeResult(await send({ kind: 'merge', tip }, endsIn, input.waitMs));
    const published = publishResult(await send({ kind: 'publish', what: 'issue' }, endsIn, input.waitMs));
    const done = `${view.folder} is already merged. ${published.done}`;
    return { ...published, done, next: [archiving(view, { ifWanted: true })] };
  }
  return archivedResult(how, await send(archivingRequest({ ...input, how }, tip), ['worker_left']));
}

/** Finishes a session where a person's rule has decided that, or nothing is taken away, so that no one is asked. */
export async function finishUnasked(
  input: FinishSessionInput,
  context: ActionContext,
): Promise<FinishResult> {
  const { hash: shown } = await previewFinish(input, context);
  return await finishSession({ ...input, shown }, context);
}

/** Without an event: nothing can be appended to its log. */
async function moveOlder(view: SessionView, how: FinishWay): Promise<FinishResult> {
  const { paths, folder } = view;
  const place = sessionPaths(paths.sessionsDir, folder, how !== 'unarchive').sessionDir;
  await mkdir(dirname(place), { recursive: true });
  await rename(paths.sessionDir, place);
  const done =
    how === 'unarchive' ? `${folder} is back.` : `${folder} is archived. Its branch and worktree stay.`;
  return { view, place, moved: [], commands: [], done, next: [] };
}

type ArchiveWay = Exclude<FinishWay, 'merge' | 'pull_request'>;

function archivingRequest(input: ConfirmedFinish & { how: ArchiveWay }, tip: string): CommandRequest {
  if (input.how === 'unarchive') return { kind: input.how };
  return input.how === 'discard'
    ? { kind: input.how, tip }
    : { kind: 'archive', ...archiveRequest(input), tip };
}

function archivedResult(how: ArchiveWay, { view, events }: CompletedCommand): FinishResult {
  const failed = events.find((event) => event.type === 'finish_ended');
  if (failed !== undefined) throw notFinished(view, failed);
  const { to: place = '', moved = [] } = events.find((event) => event.type === 'archived') ?? {};
  return { view, place, moved, commands: [], done: archivedText(how, view, { place, moved }) };
}

function archivedText(
  how: ArchiveWay,
  { folder, state: { worktree, trash } }: SessionView,
  { place, moved }: Pick<FinishResult, 'place' | 'moved'>,
): string {
  switch (how) {
    case 'keep_branch':
      return `${folder} is archived in ${place}.${worktree ? ` Its branch ${worktree.branch} is kept.` : ''}`;
    case 'discard': {
      const kept = trash && ` ${trash.ref} keeps branch and worktree; unarchive prints how to restore them.`;
      return `${folder} is discarded; its folder is in ${place}.${kept ?? ''}`;
    }
    case 'archive_documents':
      return `Archived in ${place}: ${counted(moved.length, 'document')} of ${folder}.`;
    case 'unarchive':
      return `${folder} is restored.`;
    default:
      return how satisfies never;
  }
}

function mergeResult({ view, events }: CompletedCommand): FinishResult {
  const end = events.find((event) => event.type === 'merge_ended');
  if (end === undefined) throw notFinished(view);
  const result = { view, place: '', moved: [], commands: end.commands };
  const { outcome, into, commit = '', reason = '', files, commands } = end;
  const red = events.flatMap((event) => (event.type === 'checks_ran' ? redAfter(event) : []));
  const checked = red.length === 0 ? '' : ` ${capitalised(redAfterText(red))}.`;
  const comment = events.find((event) => event.type === 'publish_ended')?.summary;
  if (outcome === 'merged')
    return {
      ...result,
      done: `${view.folder} is merged into ${into}, at ${commit.slice(0, 12)}.${checked} Its branch and its worktree are still there.${comment ? ` ${comment}` : ''}`,
      next: [archiving(view, { ifWanted: true })],
    };
  if (outcome !== 'ready') throw ACTION_ERRORS.not_merged({ into, reason, files, commands });
  const done = `The merge commit exists.${checked} ${reason} These commands do the rest.`;
  return { ...result, done, next: [archiving(view, { when: 'once they have run' })] };
}

function publishResult({
  view,
  events,
}: CompletedCommand): FinishResult & Pick<PublishEnd, 'from' | 'unpushed'> {
  const end = events.find((event) => event.type === 'publish_ended');
  if (end === undefined) throw notFinished(view);
  const { outcome, summary, url, from, bodyPath, commands, unpushed } = end;
  const isFailed = outcome === 'failed' || outcome === 'stopped';
  if (isFailed && commands.length === 0) throw notFinished(view, { reason: summary });
  const result = { view, place: '', moved: [], commands };
  const next = [archiving(view, { when: 'once it is merged' })];
  return { ...result, done: summary, next, url, from, bodyPath, unpushed };
}

/** The last step for a session whose work has been merged. */
function archiving({ folder }: SessionView, condition: Pick<NextStep, 'when' | 'ifWanted'>): NextStep {
  return { act: 'archive', session: folder, ...condition };
}

/** The error for a command that the worker could not carry out. */
function notFinished(
  { folder }: SessionView,
  { code, reason }: Partial<EventOf<'finish_ended'>> = {},
): SamocodeError {
  const error = ACTION_ERRORS.not_finished({ session: folder, reason });
  return new SamocodeError(code ?? error.code, error.args, error);
}
