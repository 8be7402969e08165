import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../../core/caller/context/find-session.ts';
import { reportOn } from '../../../core/caller/facts/get-status.ts';
import { sessionPageAddress } from '../../../core/caller/facts/live-page.ts';
import { sessionFacts } from '../../../core/caller/facts/session-facts.ts';
import { cut } from '../../../core/kernel/text.ts';
import { oneLine } from '../../../core/session/documents/markdown-lines.ts';
import { goneText, stateBadge, stateText } from '../../../core/session/words/words.ts';
import { wantsOf } from '../web/inbox/items.ts';
import type { CardSession } from './card-data.ts';

/** What the card says about the sessions of a result, in the order of the result. Models get the result alone. */
export async function cardSessions(
  result: unknown,
  args: unknown,
  actions: ActionContext,
): Promise<CardSession[]> {
  const { session, sessions = [] } = Object(result);
  const { project_dir: asked } = Object(args);
  const rows: { session: string; project?: string }[] =
    typeof session === 'string' ? [{ session }] : sessions;
  const questions = rows.map((row) => ({
    ...{ session: row.session, projectDir: row.project ?? asked },
    isWholeName: true,
  }));
  // One may have been archived since the result was made: the card then shows what the result says.
  const shown = questions.map((question) => cardSession(question, actions).catch(() => ({})));
  return await Promise.all(shown);
}

const TASK_CHARS = 160;

async function cardSession(question: SessionQuestion, actions: ActionContext): Promise<CardSession> {
  const view = await findSession(question, actions);
  const facts = sessionFacts(view, await reportOn(view, actions));
  const { brief } = stateText(facts, { when: (time) => `at ${time.slice(0, 16)}Z` });
  return {
    task: facts.task && cut(oneLine(facts.task), TASK_CHARS),
    says: goneText(facts) ?? brief,
    tone: stateBadge(facts).tone,
    isYours: facts.needsHuman,
    for: facts.needsHuman ? facts.for : undefined,
    wants: facts.needsHuman ? (await wantsOf({ view }, { facts })) || undefined : undefined,
    page: await sessionPageAddress(view, actions.home),
  };
}
