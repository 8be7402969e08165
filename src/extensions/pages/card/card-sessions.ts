import { readQaOf } from '../../../core/acts/gates/read-qa.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../../core/caller/context/find-session.ts';
import { reportOn } from '../../../core/caller/facts/get-status.ts';
import { sessionPageAddress } from '../../../core/caller/facts/live-page.ts';
import { type ReportFacts, reportFacts } from '../../../core/caller/facts/report-facts.ts';
import { cleanText, cut } from '../../../core/kernel/text.ts';
import type { SessionView } from '../../../core/session/events/session-view.ts';
import { goneText, stateText } from '../../../core/session/words.ts';
import type { CardSession } from './result-page.ts';

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

async function cardSession(question: SessionQuestion, actions: ActionContext): Promise<CardSession> {
  const view = await findSession(question, actions);
  const facts = reportFacts(view, await reportOn(view, actions));
  const { brief, why } = stateText(facts, { when: (time) => `at ${time.slice(0, 16)}Z` });
  return {
    task: facts.task && oneLine(facts.task),
    says: goneText(facts) ?? brief,
    isYours: facts.needsHuman,
    wants: facts.needsHuman ? await wantsOf(facts, view, why) : undefined,
    page: await sessionPageAddress(view, actions.home),
  };
}

/** The reason of a state; where that is the ids of questions, which say nothing to a person, the first question. */
async function wantsOf(facts: ReportFacts, view: SessionView, why = ''): Promise<string | undefined> {
  if (facts.for !== 'qa_answers') return oneLine(why) || undefined;
  const { questions } = await readQaOf(view);
  const [first, ...others] = questions.filter(({ isOpen }) => isOpen);
  if (first === undefined) return undefined;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return `${oneLine(first.text)}${more}`;
}

const LINE = 160;

function oneLine(text: string): string {
  return cut(cleanText(text).replace(/\s+/g, ' ').trim(), LINE);
}
