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
import { failedRuns, openWords } from '../../../core/kernel/phases/proving.ts';
import { describeLevel } from '../../../core/kernel/sandbox-level.ts';
import { describeEvent, openedBy } from '../../../core/session/documents/describe-event.ts';
import {
  documentText,
  parseDocumentName,
  sortNewestFirst,
} from '../../../core/session/documents/documents.ts';
import { oneLine } from '../../../core/session/documents/markdown-lines.ts';
import { taskText } from '../../../core/session/documents/overview.ts';
import { pictureSentences } from '../../../core/session/documents/picture-words.ts';
import { parsePlan } from '../../../core/session/documents/plan.ts';
import { isMet, ledgerText, parseLedger } from '../../../core/session/documents/requirements.ts';
import type { PicturesTaken } from '../../../core/session/events/bodies/pictures.ts';
import type { EventOf, SessionEvent } from '../../../core/session/events/events.ts';
import { hasEnded } from '../../../core/session/events/rest.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { dateOf, nameWithoutDate } from '../../../core/session/layout/names.ts';
import { readEvents } from '../../../core/session/log/event-log.ts';
import { keptPicture } from '../../../core/session/proof/kept-picture.ts';
import { makeProof } from '../../../core/session/proof/make-proof.ts';
import { renderProof } from '../../../core/session/proof/proof-markdown.ts';
import { proofWords, stateBadge, stateSentence } from '../../../core/session/words/words.ts';
import type {
  ReportCheckSet,
  ReportIteration,
  ReportPageSide,
  ReportPages,
  ReportPlan,
  ReportQuestion,
  SectionId,
  SessionHead,
  SessionReportData,
} from '../html/report-data.ts';
import { findGaps, type Recorded, recordedIterations, reportIterations } from './iterations-and-gaps.ts';

export interface ReportSubject {
  view: SessionView;
  worker: WorkerReport;
  /** Renders the next steps for the person who reads the page. */
  renderSteps: (steps: readonly NextStep[]) => string[];
}

/** What the live page shows of a report: one section, from events that it has read; what is long is loaded later. */
interface OneSection {
  only: SectionId;
  events: readonly SessionEvent[];
  /** Returns the address of an iteration's details. */
  loadIteration: (iteration: number) => string;
  /** Returns the address of a picture of the application. */
  pictureAt: (hash: string) => string;
}

/** What a session is and how far. */
export function sessionHeadOf(
  view: SessionView,
  { facts, worker }: { facts: SessionFacts; worker: WorkerReport },
  { clock }: Pick<ActionContext, 'clock'>,
): SessionHead {
  const { state, sessionFile, folder, paths } = view;
  const { status, progress, worktree } = state;
  const now = isoUtc(clock.now());
  const { proofFacts: proved } = facts;
  const task = state.goal ?? taskText({ task: sessionFile?.task, dive: sessionFile?.dive });
  const name = nameWithoutDate(folder);
  return {
    name,
    title: oneLine(task.trim().split('\n')[0] ?? '') || name,
    project: basename(sessionFile?.mainRepo ?? dirname(paths.sessionsDir)),
    badge: stateBadge(facts),
    ...stateTexts(view, { facts, worker, nowMs: clock.now() }),
    says: status.kind === 'done' ? status.summary : status.kind === 'blocked' ? status.reason : undefined,
    phase: progress.phase,
    way: facts.way,
    branch: worktree?.branch,
    base: worktree?.base,
    sandbox: state.sandbox && describeLevel(state.sandbox, state.platform).replace(' - ', ': '),
    workedOn: state.workedOn?.join(', '),
    recurring: facts.recurring,
    startedAt: state.createdAt ?? status.since,
    until: hasEnded(status.kind) ? status.since : now,
    madeAt: now,
    iterationCount: progress.totalIterations,
    workedMs: state.spent.session.hours * HOUR_MS,
    spent: facts.spent,
    proved: proved && { how: proved.how, words: proofWords(proved) },
    task,
  };
}

/** Collects all data shown on the page of a session, bounded in size. */
export async function sessionReport(
  { view, worker, renderSteps }: ReportSubject,
  context: ActionContext,
  one?: OneSection,
): Promise<SessionReportData> {
  const { state, paths } = view;
  const has = (...sections: SectionId[]) => one === undefined || sections.includes(one.only);
  const events = view.isUnreadable ? [] : (one?.events ?? (await readEvents(paths, 0)));
  const facts = sessionFacts(view, worker);
  const head = sessionHeadOf(view, { facts, worker }, context);
  const { madeAt: now, until } = head;
  const proof = has('checks') ? makeProof(events) : undefined;
  const plan = has('plan', 'documents') ? await reportPlan(view, events) : undefined;
  const [questions, iterations, requirements, documents, pictures, pages] = await Promise.all([
    has('questions') ? reportQuestions(view, events) : [],
    one === undefined
      ? reportIterations(view, { events, now }, context)
      : listedIterations({ events, now }, one),
    has('plan') ? reportRequirements(view) : [],
    has('documents') ? reportDocuments(view, plan?.name) : [],
    has('pictures') ? reportPictures(view) : [],
    has('pages') ? reportPages(view, events, one?.pictureAt) : undefined,
  ]);
  return {
    ...head,
    version: __VERSION__,
    cost: state.cost,
    // The reader already has the report.
    next: renderSteps(facts.next.filter(({ act }) => act !== 'make_report')),
    iterations,
    gaps: has('timeline') ? findGaps(events, until) : [],
    questions,
    plan,
    requirements,
    checks: has('checks')
      ? events.flatMap((event) => (event.type === 'checks_ran' ? [checkSetOf(event)] : []))
      : [],
    proof: proof && { commit: proof.commit, doneAt: proof.doneAt, text: renderProof(proof, 'full') },
    outsidePlan: state.outsidePlan ?? [],
    pictures,
    pages,
    documents,
    acts: has('acts') ? logEntries(events) : [],
  };
}

const HOUR_MS = 3_600_000;

function listedIterations(recorded: Recorded, { only, loadIteration }: OneSection): ReportIteration[] {
  if (only !== 'timeline') return [];
  return recordedIterations(recorded).map((each) => {
    return { ...each, commits: [], load: loadIteration(each.iteration) };
  });
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
    title: `${event.cell ? 'Checks of the base on the work' : SETS[set]} in ${event.in === 'clone' ? 'a fresh clone' : 'the worktree'}`,
    at,
    iteration,
    commit,
    sandbox,
    result: resultOf(event),
    runs: runs.map((run) => {
      const { command, how, durationMs, tail, isSetup } = run;
      const open = openWords(run);
      return { command, how: open ? `${how}, ${open}` : how, durationMs, tail, isSetup: isSetup === true };
    }),
  };
}

function resultOf({ set, runs, cell }: EventOf<'checks_ran'>): ReportCheckSet['result'] {
  // Without the work its tests should fail.
  if (set === 'added' && cell === undefined) return 'passed';
  if (failedRuns({ runs }).length > 0) return 'failed';
  return runs.flatMap((run) => openWords(run) ?? [])[0] ?? 'passed';
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
    const answered = act === undefined ? {} : { by: openedBy(act.by), at: act.at };
    return { id, text, options, suggestion: suggested || undefined, answer, isOpen, ...answered };
  });
}

async function reportRequirements({ paths, state }: SessionView): Promise<SessionReportData['requirements']> {
  const text = await ledgerText(paths);
  const reading = text === undefined ? undefined : parseLedger(text);
  if (reading?.kind !== 'ledger') return [];
  return reading.requirements.map((each) => ({ ...each, isMet: isMet(each, state) }));
}

const ONE_PAGE_PICTURE_BYTES = 500_000;
const ALL_PAGE_PICTURES_BYTES = 2_000_000;
const SIDES = ['before', 'after', 'difference'] as const;

/**
 * The pictures of the application's pages; those of pages that differ come first.
 * @param addressOf returns where a page loads a picture by its hash; without it, pictures are included up to a size limit
 */
async function reportPages(
  { state, paths }: Pick<SessionView, 'state' | 'paths'>,
  events: readonly SessionEvent[],
  addressOf?: (hash: string) => string,
): Promise<ReportPages | undefined> {
  const { pictures } = state;
  if (pictures === undefined) return undefined;
  const pages: ReportPages['pages'] = [];
  let left = ALL_PAGE_PICTURES_BYTES;
  for (const { page, width, differing, ...taken } of differingFirst(pictures)) {
    const sides: ReportPageSide[] = [];
    for (const side of SIDES) {
      const picture = taken[side];
      if (picture === undefined) continue;
      const size = { width: picture.width, height: picture.height };
      if (addressOf !== undefined) {
        sides.push({ side, ...size, load: addressOf(picture.hash) });
        continue;
      }
      const bytes = await keptPicture(paths, picture, Math.min(left, ONE_PAGE_PICTURE_BYTES));
      left -= bytes?.length ?? 0;
      sides.push({ side, ...size, data: bytes?.toString('base64') });
    }
    pages.push({ page, width, differing, sides });
  }
  return { commit: pictures.commit, sentences: sentencesAbout(pictures, events), pages };
}

function sentencesAbout(pictures: PicturesTaken, events: readonly SessionEvent[]): string[] {
  const ended = events.findLast((event) => event.type === 'iteration_ended' && event.head !== undefined);
  const head = ended?.type === 'iteration_ended' ? ended.head : undefined;
  const hasMoved = head !== undefined && head !== pictures.commit;
  return [
    ...pictureSentences(pictures, (text) => text),
    ...(hasMoved
      ? [`The branch has changed since: it is at ${head.slice(0, 8)}, and the pictures do not show that.`]
      : []),
  ];
}

function differingFirst({ pages }: PicturesTaken): PicturesTaken['pages'] {
  return pages.toSorted((a, b) => Number((b.differing ?? 0) > 0) - Number((a.differing ?? 0) > 0));
}
