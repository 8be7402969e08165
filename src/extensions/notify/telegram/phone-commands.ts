import { listSessions } from '../../../core/acts/reading/list-sessions.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { reportOn } from '../../../core/caller/facts/get-status.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import type { SessionView } from '../../../core/session/events/session-view.ts';
import { nameWithoutDate } from '../../../core/session/layout/names.ts';
import { statusSentence } from '../../../core/session/words.ts';
import { bold, plainLines, safeLines, splitAtLineEnds } from './message-text.ts';
import { type Intent, messaging, resuming, stopping } from './phone-acts.ts';
import { sessionAt } from './phone-session.ts';
import { type Draft, RESUME, STATUS, STOP } from './render.ts';
import type { Button, Where } from './sent-messages.ts';

const HELP = `/sessions - all sessions, those that need you first
/status [number or name] - one session
/stop [number or name] - stop it after the current iteration; add "now" to end its agent at once
/resume [number or name] - resume it
/message [number or name] text - leave guidance for its next agent
Questions and plans come as separate messages: press a button, or reply to the question.`;

export interface PhoneContext extends ActionContext {
  /** NOTIFY_DETAIL=titles: no text written by an agent is shown. */
  isBrief: boolean;
}

export type PhoneAct = 'status' | 'stop' | 'resume' | 'message';

/** The reply to a command: messages, or an action to take first. */
export type CommandReply = { drafts: Draft[]; where?: Where; listed?: Where[] } | { intent: Intent };

const COMMAND = /^\/([a-z]+)(?:@\w+)?(?:\s+([\s\S]*))?$/i;

/** @returns undefined if the text is not a command */
export async function runPhoneCommand(
  text: string,
  listed: readonly Where[],
  context: PhoneContext,
): Promise<CommandReply | undefined> {
  const [, name = '', rest = ''] = COMMAND.exec(text.trim()) ?? [];
  switch (name.toLowerCase()) {
    case '':
      return undefined;
    case 'sessions':
      return await listAll(context);
    case 'status':
    case 'stop':
    case 'resume':
    case 'message':
      return await actOnNamed(name.toLowerCase() as PhoneAct, rest.trim(), listed, context);
    default:
      return { drafts: [{ lines: plainLines(HELP) }] };
  }
}

/** Runs one of the four session commands. @param text what follows the session's name */
export async function actOn(
  act: PhoneAct,
  where: Where,
  text: string,
  context: PhoneContext,
): Promise<CommandReply> {
  const found = await sessionAt(where, context);
  if ('refusal' in found) return { intent: found };
  const { view, question } = found;
  switch (act) {
    case 'status':
      return { drafts: [await statusDraft(view, context)], where };
    case 'stop':
      return { intent: stopping(question, text === 'now' ? 'now' : 'after_iteration', context) };
    case 'resume':
      return { intent: resuming(question, context) };
    case 'message': {
      if (text !== '') return { intent: messaging(question, text, context) };
      const lines = safeLines(`Reply to this with your message for ${view.folder}.`);
      return { drafts: [{ lines, about: { kind: 'message' }, asksFor: 'Message' }], where };
    }
    default:
      return act satisfies never;
  }
}

async function listAll(context: PhoneContext): Promise<CommandReply> {
  const sessions = await allSessions(context);
  const lines = sessions.flatMap((view, at) => safeLines(`${at + 1}. ${statusSentence(view)}`));
  const messages = splitAtLineEnds(lines.length > 0 ? lines : safeLines('There are no sessions.'));
  return { drafts: messages.map((part) => ({ lines: part })), listed: sessions.map(whereOf) };
}

/** Acts on the session named by its number in the last list or by its name, or on the only one; else asks. */
async function actOnNamed(
  act: PhoneAct,
  rest: string,
  listed: readonly Where[],
  context: PhoneContext,
): Promise<CommandReply> {
  const [, word = '', text = ''] = /^(\S*)\s*([\s\S]*)$/.exec(rest) ?? [];
  const sessions = await allSessions(context);
  const numbered = /^\d{1,3}$/.test(word) ? listed[Number(word) - 1] : undefined;
  const byName = sessions.find(({ folder }) => folder === word || nameWithoutDate(folder) === word);
  const target = numbered ?? (byName && whereOf(byName));
  if (target !== undefined) return await actOn(act, target, text, context);
  const isName = word !== '' && act !== 'message' && word !== 'now';
  if (isName) return { intent: { refusal: 'There is no such session. See /sessions.' } };
  const [only] = sessions;
  if (only !== undefined && sessions.length === 1) return await actOn(act, whereOf(only), rest, context);
  if (only === undefined) return { drafts: [{ lines: safeLines('There are no sessions.') }] };
  const offered = sessions.slice(0, MAX_OFFERED);
  const buttons = offered.map(({ folder }, at): Button[] => [{ text: folder, choice: String(at) }]);
  const about = { kind: 'pick' as const, act, text: rest, sessions: offered.map(whereOf) };
  return { drafts: [{ lines: safeLines(`/${act}: which session?`), about, buttons }] };
}

const MAX_OFFERED = 12;
const MAX_LISTED = 40;

/** Sessions of every project on this machine; those that need the person come first. */
async function allSessions(context: PhoneContext): Promise<SessionView[]> {
  try {
    const { sessions } = await listSessions({ allProjects: true }, context);
    return sessions.slice(0, MAX_LISTED);
  } catch (error) {
    if (isSamocodeError(error) && error.code === 'project_not_found') return [];
    throw error;
  }
}

export async function statusDraft(view: SessionView, context: PhoneContext): Promise<Draft> {
  const { activity, isStalled } = await reportOn(view, context);
  const { kind } = view.state.status;
  const lines = [
    bold(statusSentence(view)),
    ...(activity && !context.isBrief ? safeLines(`Its agent: ${activity}`) : []),
    ...(isStalled ? safeLines('The agent shows no sign of life.') : []),
    ...view.problems.flatMap(safeLines),
  ];
  const canResume = kind === 'stopped' || kind === 'blocked';
  const buttons = kind === 'done' || kind === 'waiting' ? [[STATUS]] : [[STATUS, canResume ? RESUME : STOP]];
  const [part = []] = splitAtLineEnds(lines);
  return { lines: part, about: { kind: 'session' }, buttons };
}

function whereOf({ folder, paths }: SessionView): Where {
  return { sessionsDir: paths.sessionsDir, session: folder };
}
