import type { ReportPlan, ReportQuestion, SessionReportData } from '../../report/report-data.ts';
import { describeBy } from '../../session/documents/describe-event.ts';
import { parsePlan } from '../../session/documents/plan.ts';
import { isMet, ledgerText, parseLedger } from '../../session/documents/requirements.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { readPlanOf } from '../gates/read-plan.ts';
import { readQaOf } from '../gates/read-qa.ts';
import { READING_ERRORS } from '../reading/reading-errors.ts';

export async function reportPlan(
  view: SessionView,
  events: readonly SessionEvent[],
): Promise<ReportPlan | undefined> {
  try {
    const { name, text, state } = await readPlanOf(view);
    const approval = events.findLast((event) => event.type === 'plan_approved' && event.plan.name === name);
    return {
      name,
      state,
      text: text.slice(0, MOST_PLAN_CHARS),
      approved:
        approval?.type === 'plan_approved' ? { by: describeBy(approval.by), at: approval.at } : undefined,
      phases: parsePlan(text).phases.map(({ number, name: title, steps, completed }) => {
        return { number, name: title, ...steps, completed };
      }),
    };
  } catch (error) {
    if (READING_ERRORS.no_plan.is(error)) return undefined;
    throw error;
  }
}

const MOST_PLAN_CHARS = 200_000;
const MOST_QUESTIONS = 200;

export async function reportQuestions(
  view: SessionView,
  events: readonly SessionEvent[],
): Promise<ReportQuestion[]> {
  const { questions } = await readQaOf(view);
  const given = new Map(
    events.flatMap((event) =>
      event.type === 'answers_recorded' ? event.answers.map(({ id }) => [id, event] as const) : [],
    ),
  );
  return questions.slice(0, MOST_QUESTIONS).map(({ id, text, options, suggestion, answer, isOpen }) => {
    const act = given.get(id);
    const suggested = [suggestion?.letters.join(', '), suggestion?.reason].filter(Boolean).join(' - ');
    const said = act === undefined ? {} : { by: describeBy(act.by), at: act.at };
    return { id, text, options, suggestion: suggested || undefined, answer, isOpen, ...said };
  });
}

export async function reportRequirements({
  paths,
  state,
}: SessionView): Promise<SessionReportData['requirements']> {
  const text = await ledgerText(paths);
  const reading = text === undefined ? undefined : parseLedger(text);
  if (reading?.kind !== 'ledger') return [];
  return reading.requirements.map((each) => ({ ...each, isMet: isMet(each, state) }));
}
