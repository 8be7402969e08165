import { isoUtc } from '../../base/clock.ts';
import { failedRuns } from '../../phases/proving.ts';
import type { ReportCheckSet, SessionReportData } from '../../report/report-data.ts';
import { describeEvent } from '../../session/documents/describe-event.ts';
import { taskText } from '../../session/documents/overview-task.ts';
import type { EventOf, SessionEvent } from '../../session/events/events.ts';
import { makeProof } from '../../session/proof/make-proof.ts';
import { proofFacts } from '../../session/proof/proof-markdown.ts';
import { sandboxWords } from '../../session/sandbox-words.ts';
import type { ActionContext } from '../acting/context.ts';
import { reportPlan, reportQuestions, reportRequirements } from './report-decisions.ts';
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
  const plan = await reportPlan(view, events);
  const proof = makeProof(events);
  const [questions, iterations, requirements, documents, pictures] = await Promise.all([
    reportQuestions(view, events),
    reportIterations(view, { events, now, beside }, context),
    reportRequirements(view),
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
