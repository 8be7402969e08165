import { isoUtc } from '../../base/clock.ts';
import { failedRuns } from '../../phases/proving.ts';
import type {
  ReportCheckSet,
  ReportPlan,
  ReportQuestion,
  SessionReportData,
} from '../../report/report-data.ts';
import { describeBy, describeEvent } from '../../session/documents/describe-event.ts';
import { taskText } from '../../session/documents/overview-task.ts';
import { parsePlan } from '../../session/documents/plan.ts';
import { isMet, ledgerText, parseLedger } from '../../session/documents/requirements.ts';
import type { EventOf, SessionEvent } from '../../session/events/events.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { makeProof } from '../../session/proof/make-proof.ts';
import { proofFacts } from '../../session/proof/proof-markdown.ts';
import { sandboxWords } from '../../session/sandbox-words.ts';
import type { ActionContext } from '../acting/context.ts';
import { readPlanOf } from '../gates/read-plan.ts';
import { readQaOf } from '../gates/read-qa.ts';
import { READING_ERRORS } from '../reading/reading-errors.ts';
import { reportDocuments, reportPictures } from './report-documents.ts';
import { type BesidePage, reportIterations } from './report-iterations.ts';
import { type CardQuestion, sessionCard } from './session-card.ts';
import { gapsOf } from './time-line.ts';

/** All that the page of a session shows, of a bounded size. @param beside takes the transcripts that are too long for it */
export async function sessionReport(
  question: CardQuestion,
  beside: BesidePage,
  context: ActionContext,
): Promise<SessionReportData> {
  const { view } = question;
  const { state, sessionFile, folder } = view;
  const { card, events } = await sessionCard(question, context);
  const now = isoUtc(context.clock.now());
  const plan = await planOf(view, events);
  const proof = makeProof(events);
  const [questions, iterations, requirements, documents, pictures] = await Promise.all([
    questionsOf(view, events),
    reportIterations(view, { events, now, beside }, context),
    requirementsOf(view),
    reportDocuments(view, plan?.name),
    reportPictures(view),
  ]);
  return {
    ...card,
    folder,
    task: state.goal ?? taskText({ task: sessionFile?.task, dive: sessionFile?.dive }),
    base: state.worktree?.base,
    madeAt: now,
    version: __VERSION__,
    sandbox: sandboxWords(state),
    iterations,
    gaps: gapsOf(events, card.until),
    questions,
    plan,
    requirements,
    checks: events.flatMap((event) => (event.type === 'checks_ran' ? [checkSetOf(event)] : [])),
    proof: proof && { commit: proof.commit, doneAt: proof.doneAt, text: proofFacts(proof) },
    outsidePlan: state.outsidePlan ?? [],
    pictures,
    documents,
    acts: actsOf(events),
  };
}

async function planOf(view: SessionView, events: readonly SessionEvent[]): Promise<ReportPlan | undefined> {
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

async function questionsOf(view: SessionView, events: readonly SessionEvent[]): Promise<ReportQuestion[]> {
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

async function requirementsOf({ paths, state }: SessionView): Promise<SessionReportData['requirements']> {
  const text = await ledgerText(paths);
  const reading = text === undefined ? undefined : parseLedger(text);
  if (reading?.kind !== 'ledger') return [];
  return reading.requirements.map((each) => ({ ...each, isMet: isMet(each, state) }));
}

const SETS: Readonly<Record<EventOf<'checks_ran'>['set'], string>> = {
  base: 'Checks of the base',
  fast: 'Fast checks',
  full: 'All checks',
  added: 'Added tests on the base',
  merge: 'Checks of the merge',
};

function checkSetOf(event: EventOf<'checks_ran'>): ReportCheckSet {
  const { set, at, iteration, commit, sandbox, runs } = event;
  return {
    title: `${SETS[set]} in ${event.in === 'clone' ? 'a fresh clone' : 'the worktree'}`,
    at,
    iteration,
    commit,
    sandbox,
    // Tests that prove something fail without the work.
    passed: set === 'added' || failedRuns({ runs }).length === 0,
    runs: runs.map(({ command, how, durationMs, tail, isSetup }) => {
      return { command, how, durationMs, tail, isSetup: isSetup === true };
    }),
  };
}

const MOST_ACTS = 1000;

/** What session.log says, without what the list of iterations has. */
function actsOf(events: readonly SessionEvent[]): SessionReportData['acts'] {
  return events
    .filter(({ type }) => type !== 'iteration_started' && type !== 'iteration_ended')
    .flatMap((event) => {
      const text = describeEvent(event);
      return text === undefined ? [] : [{ at: event.at, text }];
    })
    .slice(-MOST_ACTS);
}
