import { listSessions } from '../../../core/acts/reading/list-sessions.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { reportOn } from '../../../core/caller/facts/get-status.ts';
import { sessionFacts } from '../../../core/caller/facts/session-facts.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { statusSentence } from '../../../core/session/words/words.ts';
import { offersOf } from '../notice/compose.ts';
import { bold, plainLines, safeLines, splitAtLineEnds } from './message-text.ts';
import { type Draft, sessionButtons } from './render.ts';
import type { Where } from './sent-messages.ts';

const HELP = `/status - all sessions, those that need you first, each with its buttons
Reply to the message of a session to leave guidance for its next agent.
Questions and plans come as separate messages: press a button, or reply to the question.`;

export interface PhoneContext extends ActionContext {
  /** NOTIFY_DETAIL=titles: no text written by an agent is shown. */
  isBrief: boolean;
}

/** A message that replies to a command; `where` is the session that it is about. */
export interface CommandReply {
  draft: Draft;
  where?: Where;
}

const STATUS_COMMAND = /^\/status(?:@\w+)?(?:\s|$)/i;

export async function runPhoneCommand(text: string, context: PhoneContext): Promise<CommandReply[]> {
  return STATUS_COMMAND.test(text) ? await statusOfAll(context) : [{ draft: { lines: plainLines(HELP) } }];
}

/** Each has a message of its own; Telegram delays a bot that sends many at once. */
const MAX_WITH_BUTTONS = 10;
const MAX_LISTED = 40;

async function statusOfAll(context: PhoneContext): Promise<CommandReply[]> {
  const sessions = await allSessions(context);
  if (sessions.length === 0) return [{ draft: { lines: safeLines('There are no sessions.') } }];
  const replies = sessions.slice(0, MAX_WITH_BUTTONS).map(async (view) => {
    const where = { sessionsDir: view.paths.sessionsDir, session: view.folder };
    return { draft: await statusDraft(view, context), where };
  });
  const others = sessions.slice(MAX_WITH_BUTTONS).flatMap((view) => safeLines(statusSentence(view)));
  const list = others.length > 0 ? splitAtLineEnds(others) : [];
  return [...(await Promise.all(replies)), ...list.map((lines) => ({ draft: { lines } }))];
}

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
  const { summary, activity, stalled, problems = [] } = sessionFacts(view, await reportOn(view, context));
  const lines = [
    bold(summary),
    ...(activity && !context.isBrief ? safeLines(`Its agent: ${activity}`) : []),
    ...(stalled ? safeLines('The agent shows no sign of life.') : []),
    ...(context.isBrief ? [] : problems.flatMap(safeLines)),
  ];
  const [part = []] = splitAtLineEnds(lines);
  return { lines: part, about: { kind: 'session' }, buttons: [sessionButtons(offersOf(view))] };
}
