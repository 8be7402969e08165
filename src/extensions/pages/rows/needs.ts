import { readPlanOf } from '../../../core/acts/gates/read-plan.act.ts';
import { readQaOf } from '../../../core/acts/gates/read-qa.act.ts';
import type { SessionFacts } from '../../../core/caller/facts/session-facts.ts';
import { type NeedKind, needKind } from '../../../core/caller/facts/wanted.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { capitalised, counted, cut } from '../../../core/kernel/text.ts';
import { oneLine } from '../../../core/session/documents/markdown-lines.ts';
import { parsePlan } from '../../../core/session/documents/plan.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { goneText, PROVED, stateText } from '../../../core/session/words/words.ts';
import type { SessionRow } from './row.ts';

const MAX_CHARS = 200;

/** One line on what a session wants, quoting its agent; empty if its state says everything. */
export async function requestSummary({
  session,
  facts,
}: Pick<SessionRow, 'session' | 'facts'>): Promise<string> {
  return plainLine(await readRequest(session.view, facts));
}

/** Without the marks of Markdown, which a line in a list does not render. */
function plainLine(text: string): string {
  return cut(oneLine(text).replace(/[`*]/g, '').replace(/\s+/g, ' '), MAX_CHARS);
}

async function readRequest(view: SessionView, facts: SessionFacts): Promise<string> {
  try {
    switch (needKind(facts)) {
      case 'questions': {
        const { questions } = await readQaOf(view);
        const [first, ...others] = questions.filter(({ isOpen }) => isOpen);
        return [first?.text, others.length > 0 && `(and ${counted(others.length, 'more question')})`]
          .filter(Boolean)
          .join(' ');
      }
      case 'plan': {
        const { text } = await readPlanOf(view);
        const title = /^# +(?:plan: *)?(.+)$/im.exec(text)?.[1] ?? '';
        return `${title} (${counted(parsePlan(text).phases.length, 'phase')})`;
      }
      default:
        return stateText(facts).why ?? '';
    }
  } catch (error) {
    // Its row must not keep the others from being shown.
    return isSamocodeError(error) ? error.why : '';
  }
}

/** The demand of a session in a few words of ours: `Answer 2 questions`. */
export function actionLabel({ kind, facts }: { kind: NeedKind; facts: SessionFacts }): string {
  switch (kind) {
    case 'questions':
      return `Answer ${counted(facts.openQuestions?.length ?? 1, 'question')}`;
    case 'plan':
      return 'Approve its plan';
    case 'stuck':
      return capitalised(goneText(facts) ?? stateText(facts).brief);
    case 'finished':
      return `Finished, ${PROVED[facts.proofFacts?.how ?? 'no']}`;
    default:
      return kind satisfies never;
  }
}
