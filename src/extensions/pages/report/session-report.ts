import { basename, dirname, join } from 'node:path';
import { readPlanOf } from '../../../core/acts/gates/read-plan.act.ts';
import { readQaOf } from '../../../core/acts/gates/read-qa.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { READING_ERRORS } from '../../../core/caller/errors/reading-errors.ts';
import { type SessionFacts, sessionFacts } from '../../../core/caller/facts/session-facts.ts';
import { needsRescue, type WorkerReport } from '../../../core/caller/facts/worker-now.ts';
import type { NextStep } from '../../../core/kernel/acts.ts';
import { isoUtc } from '../../../core/kernel/clock.ts';
import { namesAt, statsAt } from '../../../core/kernel/files/path-stats.ts';
import { readPlainFile } from '../../../core/kernel/files/plain-file.ts';
import { failedRuns, RED_AFTER, redAfter } from '../../../core/kernel/phases/proving.ts';
import { describeLevel } from '../../../core/kernel/sandbox-level.ts';
import { describeEvent, openedBy } from '../../../core/session/documents/describe-event.ts';
import {
  documentText,
  parseDocumentName,
  sortNewestFirst,
} from '../../../core/session/documents/documents.ts';
import { taskText } from '../../../core/session/documents/overview.ts';
import { parsePlan } from '../../../core/session/documents/plan.ts';
import { isMet, ledgerText, parseLedger } from '../../../core/session/documents/requirements.ts';
import { estimateScore } from '../../../core/session/estimate.ts';
import type { EventOf, SessionEvent } from '../../../core/session/events/events.ts';
import { hasEnded } from '../../../core/session/events/rest.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { dateOf, nameWithoutDate } from '../../../core/session/layout/names.ts';
import { readEvents } from '../../../core/session/log/event-log.ts';
import { makeProof } from '../../../core/session/proof/make-proof.ts';
import { renderProof } from '../../../core/session/proof/proof-markdown.ts';
import { proofWords, stateBadge, stateSentence } from '../../../core/session/words/words.ts';
import type { ReportCheckSet, ReportPlan, ReportQuestion, SessionReportData } from '../html/report-data.ts';
import { findGaps } from './report-gaps.ts';
import { reportIterations } from './report-iterations.ts';
import { reportPages } from './report-pages.ts';

export interface ReportSubject {
  view: SessionView;
  worker: WorkerReport;
  /** Renders the next steps for the person who reads the page. */
  renderSteps: (steps: readonly NextStep[]) => string[];
  /** All events of the session, if the caller has already read them. */
  events?: readonly SessionEvent[];
  /** Returns the link to a transcript, on pages that can read it later. */
  linkTo?: ((iteration: number) => string) | undefined;
  /** Returns the address of a picture of the application, on pages that load it later. */
  pictureAt?: (hash: string) => string;
}

/** Collects all data shown on the page of a session, bounded in size. */
export async function sessionReport(
  { view, worker, renderSteps, events: known, linkTo, pictureAt }: ReportSubject,
  context: ActionContext,
): Promise<SessionReportData> {
  const { state, sessionFile, folder, paths } = view;
  const { status, progress, worktree } = state;
  const events = view.isUnreadable ? [] : (known ?? (await readEvents(paths, 0)));
  const now = isoUtc(context.clock.now());
  const until = hasEnded(status.kind) ? status.since : now;
  const plan = await reportPlan(view, events);
  const facts = sessionFacts(view, worker);
  const { proofFacts: proved } = facts;
  const proof = makeProof(events);
  const [questions, iterations, requirements, documents, pictures, pages] = await Promise.all([
    reportQuestions(view, events),
    reportIterations(view, { events, now, linkTo }, context),
    reportRequirements(view),
    reportDocuments(view, plan?.name),
    reportPictures(view),
    reportPages(view, events, pictureAt),
  ]);
  return {
    name: nameWithoutDate(folder),
    folder,
    project: basename(sessionFile?.mainRepo ?? dirname(paths.sessionsDir)),
    badge: stateBadge(facts),
    ...stateTexts(view, { facts, worker, nowMs: context.clock.now() }),
    says: status.kind === 'done' ? status.summary : status.kind === 'blocked' ? status.reason : undefined,
    phase: progress.phase,
    way: facts.way,
    branch: worktree?.branch,
    base: worktree?.base,
    sandbox: state.sandbox && describeLevel(state.sandbox, state.platform).replace(' - ', ': '),
    workedOn: state.workedOn?.join(', '),
    recurring: facts.recurring,
    startedAt: state.createdAt ?? status.since,
    until,
    madeAt: now,
    version: __VERSION__,
    iterationCount: progress.totalIterations,
    workedMs: events.reduce((sum, each) => sum + (each.type === 'iteration_ended' ? each.durationMs : 0), 0),
    cost: state.cost,
    proved: proved && { how: proved.how, words: proofWords(proved) },
    // The reader already has the report.
    next: renderSteps(facts.next.filter(({ act }) => act !== 'make_report')),
    task: state.goal ?? taskText({ task: sessionFile?.task, dive: sessionFile?.dive }),
    iterations,
    gaps: findGaps(events, until),
    questions,
    plan,
    requirements,
    checks: events.flatMap((event) => (event.type === 'checks_ran' ? [checkSetOf(event)] : [])),
    proof: proof && { commit: proof.commit, doneAt: proof.doneAt, text: renderProof(proof, 'full') },
    outsidePlan: state.outsidePlan ?? [],
    pictures,
    pages,
    documents,
    acts: logEntries(events),
  };
}

/** That no supervisor watches the session is part of the sentence only if it cannot continue without one. */
function stateTexts(
  view: SessionView,
  { facts, worker, nowMs }: { facts: SessionFacts; worker: WorkerReport; nowMs: number },
): Pick<SessionReportData, 'sentence' | 'warning'> {
  const sentence = stateSentence(facts, nowMs);
  const { unwatched } = worker;
  return needsRescue(view, worker)
    ? { sentence: [sentence, unwatched].filter(Boolean).join(' ') }
    : { sentence, warning: unwatched };
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
    result: resultOf(event),
    runs: runs.map(({ command, how, redBefore, durationMs, tail, isSetup }) => {
      const ended = redBefore ? `${how}, ${RED_AFTER}` : how;
      return { command, how: ended, durationMs, tail, isSetup: isSetup === true };
    }),
  };
}

function resultOf({ set, runs }: EventOf<'checks_ran'>): ReportCheckSet['result'] {
  // Added tests should fail on the base, so a failure there does not fail the set.
  if (set === 'added') return 'passed';
  if (failedRuns({ runs }).length > 0) return 'failed';
  return redAfter({ runs }).length > 0 ? 'red after' : 'passed';
}

const MAX_ACTS = 1000;

/** The entries of session.log, except those that the list of iterations shows. */
function logEntries(events: readonly SessionEvent[]): SessionReportData['acts'] {
  return events
    .filter(({ type }) => type !== 'iteration_started' && type !== 'iteration_ended')
    .flatMap((event) => {
      const text = describeEvent(event, { isPlain: true });
      return text === undefined ? [] : [{ at: event.at, text }];
    })
    .slice(-MAX_ACTS);
}

const MAX_DOCUMENTS = 30;
const ONE_DOCUMENT_CHARS = 40_000;
const ALL_DOCUMENTS_CHARS = 300_000;

/** The documents that agents wrote, newest first, except the plan, which has its own section. */
async function reportDocuments(
  { paths }: SessionView,
  planName: string | undefined,
): Promise<SessionReportData['documents']> {
  const names = (namesAt(paths.sessionDir) ?? []).filter(
    (name) => name !== planName && parseDocumentName(name) !== undefined,
  );
  const found: SessionReportData['documents'] = [];
  let left = ALL_DOCUMENTS_CHARS;
  for (const name of sortNewestFirst(names, dateOf(paths.folder)).slice(0, MAX_DOCUMENTS)) {
    const text = (await documentText(join(paths.sessionDir, name))) ?? '';
    const shown = text.slice(0, Math.min(left, ONE_DOCUMENT_CHARS));
    left -= shown.length;
    const { kind, slug } = parseDocumentName(name) ?? {};
    found.push({ name, kind: kind ?? slug ?? '', text: shown, isCut: shown.length < text.length });
  }
  return found;
}

const MAX_PICTURES = 12;
const ONE_PICTURE_BYTES = 300_000;
const ALL_PICTURES_BYTES = 600_000;
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Reads the pictures of the work in the session's `screens/`: PNG files up to a size limit. */
async function reportPictures({ paths }: SessionView): Promise<SessionReportData['pictures']> {
  const folder = join(paths.sessionDir, 'screens');
  // A symbolic link is not followed, because it could expose the person's private pictures.
  if (!statsAt(folder)?.isDirectory()) return [];
  const names = (namesAt(folder) ?? []).filter((name) => name.endsWith('.png')).sort();
  const found: SessionReportData['pictures'] = [];
  let left = ALL_PICTURES_BYTES;
  for (const name of names.slice(0, MAX_PICTURES)) {
    const reading = await readPlainFile(join(folder, name), Math.min(left, ONE_PICTURE_BYTES));
    if (reading.kind !== 'bytes' || !reading.bytes.subarray(0, PNG.length).equals(PNG)) continue;
    left -= reading.bytes.length;
    found.push({ name, data: reading.bytes.toString('base64') });
  }
  return found;
}

async function reportPlan(
  view: SessionView,
  events: readonly SessionEvent[],
): Promise<ReportPlan | undefined> {
  try {
    const { name, text, state } = await readPlanOf(view);
    const approval = events.findLast((event) => event.type === 'plan_approved' && event.plan.name === name);
    return {
      name,
      state,
      text: text.slice(0, MAX_PLAN_CHARS),
      estimate: estimateScore(events, view.state.status.kind === 'done'),
      approved:
        approval?.type === 'plan_approved' ? { by: openedBy(approval.by), at: approval.at } : undefined,
      phases: parsePlan(text).phases.map(({ number, name: title, steps, completed }) => {
        return { number, name: title, ...steps, completed };
      }),
    };
  } catch (error) {
    if (READING_ERRORS.no_plan.is(error)) return undefined;
    throw error;
  }
}

const MAX_PLAN_CHARS = 200_000;
const MAX_QUESTIONS = 200;

async function reportQuestions(
  view: SessionView,
  events: readonly SessionEvent[],
): Promise<ReportQuestion[]> {
  const { questions } = await readQaOf(view);
  const given = new Map(
    events.flatMap((event) =>
      event.type === 'answers_recorded' ? event.answers.map(({ id }) => [id, event] as const) : [],
    ),
  );
  return questions.slice(0, MAX_QUESTIONS).map(({ id, text, options, suggestion, answer, isOpen }) => {
    const act = given.get(id);
    const suggested = [suggestion?.letters.join(', '), suggestion?.reason].filter(Boolean).join(' - ');
    const said = act === undefined ? {} : { by: openedBy(act.by), at: act.at };
    return { id, text, options, suggestion: suggested || undefined, answer, isOpen, ...said };
  });
}

async function reportRequirements({ paths, state }: SessionView): Promise<SessionReportData['requirements']> {
  const text = await ledgerText(paths);
  const reading = text === undefined ? undefined : parseLedger(text);
  if (reading?.kind !== 'ledger') return [];
  return reading.requirements.map((each) => ({ ...each, isMet: isMet(each, state) }));
}
