import { START_ERRORS } from '../../../caller/errors/start-errors.ts';
import type { FormChoice } from '../../../caller/facts/form.ts';
import { requireText } from '../../../caller/refusals/require.ts';
import type { GivenIssue } from '../../../session/events/bodies/session-file.ts';

export type Work = NewWork | FolderWork;

export type NewWork = OwnWork | SourceWork;

export type OwnWork =
  | { kind: 'task'; task: string; dive?: string }
  | { kind: 'dive'; dive: string }
  /** `plan`: the path of a Markdown file with check boxes, or its text. `replan`: agents make a plan of theirs from it. */
  | { kind: 'plan'; plan: string; task?: string; dive?: string; replan?: boolean };

export type SourceWork = IssueWork | ChatWork;

export interface IssueWork {
  kind: 'issue';
  /** Its number or address; or the issue itself, if the supervisor has already read and claimed it. */
  issue: string | GivenIssue;
  /** What a person added. */
  with?: OwnWork;
}

export interface ChatWork {
  kind: 'chat';
  /** `caller`: the chat that makes this call; an id: named by a person; `brief`: the chat's own summary of itself. */
  chat: CallersChat | { by: 'id'; id: string } | { by: 'brief'; text: string };
  with?: OwnWork;
}

export interface CallersChat {
  by: 'caller';
  /** Asks a person for the id of one of these, if no chat makes the call; undefined: they chose none. */
  choose?(chats: readonly FormChoice[]): Promise<string | undefined>;
}

/** A session folder prepared by hand, which a worker continues. */
export interface FolderWork {
  kind: 'folder';
  from: string;
  /** Defaults to the phase that its files indicate. */
  phase?: string;
}

const TEXTS = [
  'task',
  'dive',
  'plan',
  'issue',
  'brief',
  'name',
  'branch',
  'after',
  'afterMerge',
  'at',
] as const;
const NOT_QUICK = ['plan', 'dive', 'from'] as const;
const EXCLUDED = [...TEXTS, 'fromChat', 'chat'] as const;

/** The work as the arguments of a tool or the options of a command say it, and what a folder excludes. */
export interface WorkRequest extends Partial<Record<'from' | 'phase' | (typeof TEXTS)[number], string>> {
  fromChat?: boolean;
  replan?: boolean;
  quick?: boolean;
  review?: boolean;
  /** The id of a chat; true if the option was typed without one. */
  chat?: string | true;
}

/** Decides which kind of work was given. Nothing in the request is blank. */
export function workOf(request: WorkRequest): Work {
  const { issue, from, phase } = request;
  if (request.replan && request.plan === undefined) throw START_ERRORS.replan_missing();
  refuseWithQuick(request);
  if (from !== undefined) {
    const given = EXCLUDED.filter((name) => request[name] !== undefined && request[name] !== false);
    if (given.length === 0) return { kind: 'folder', from, phase };
    throw START_ERRORS.from_excludes({ given: given.map(asArgument) });
  }
  if (phase !== undefined) throw START_ERRORS.from_missing();
  const chat = chatOf(request);
  if (chat !== undefined) return chatWorkOf(chat, request);
  const own = ownWorkOf(request);
  if (issue !== undefined) return { kind: 'issue', issue, with: own };
  if (own === undefined) throw START_ERRORS.nothing_to_do();
  return own;
}

function refuseWithQuick(request: WorkRequest): void {
  if (request.review && !request.quick) throw START_ERRORS.review_needs_quick();
  const given = request.quick ? NOT_QUICK.filter((name) => request[name] !== undefined) : [];
  if (given.length > 0) throw START_ERRORS.quick_excludes({ given });
}

function chatOf({ fromChat, chat, brief }: WorkRequest): ChatWork['chat'] | undefined {
  if (fromChat === true) return { by: 'caller' };
  if (brief !== undefined) return { by: 'brief', text: requireText(brief, 'brief') };
  // Without an id, the refusal lists the chats from which a person can choose.
  return chat === undefined || chat === true ? chat && { by: 'caller' } : { by: 'id', id: chat };
}

function chatWorkOf(chat: ChatWork['chat'], request: WorkRequest): ChatWork {
  const others = chat.by === 'caller' ? (['brief', 'issue'] as const) : (['issue'] as const);
  const given = others.filter((name) => request[name] !== undefined);
  if (given.length > 0) throw START_ERRORS.chat_excludes({ given });
  return { kind: 'chat', chat, with: ownWorkOf(request) };
}

/** `after_merge` */
function asArgument(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function ownWorkOf({ plan, replan, ...words }: WorkRequest): OwnWork | undefined {
  const task = words.task && requireText(words.task, 'task');
  const dive = words.dive && requireText(words.dive, 'dive');
  if (plan !== undefined) {
    if (dive !== undefined && !replan) throw START_ERRORS.plan_excludes_dive();
    return { kind: 'plan', plan, task, dive, ...(replan && { replan }) };
  }
  if (task !== undefined) return { kind: 'task', task, dive };
  return dive === undefined ? undefined : { kind: 'dive', dive };
}
