import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { changeFile } from '../../base/files/change-file.ts';
import { listed, visibleControls } from '../../base/text.ts';
import type { ParkDecision } from '../../phases/decision.ts';
import type { Weakening } from '../../phases/proving.ts';
import { refusedServers } from '../../session/commands/judge-gates.ts';
import { openedAtStart } from '../../session/commands/judge-running.ts';
import { openedBy } from '../../session/documents/describe-event.ts';
import { documentFingerprint, documentText } from '../../session/documents/documents.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import { openQuestions, parseQa, suggestedAnswers } from '../../session/documents/qa.ts';
import { appendRound, newQa, type QuestionDraft, setQaStatus } from '../../session/documents/qa-change.ts';
import type { Parked } from '../../session/events/bodies/positions.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { readPlanEvidence, readQuestions } from '../core/evidence.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { planApproved } from './plan-approved.ts';

/** The events that start a wait, followed by those of a gate that the settings open at once. */
export async function recordParked(worker: Worker, decision: ParkDecision): Promise<NewEvent[]> {
  switch (decision.for) {
    case 'qa_answers':
      return await parkForAnswers(worker, decision);
    case 'plan_approval':
      return await parkForApproval(worker, decision);
    case 'file_update':
    case 'human_action': {
      const path = decision.file === undefined ? undefined : join(worker.paths.sessionDir, decision.file);
      const fileHash = path === undefined ? undefined : ((await documentFingerprint(path)) ?? '');
      const flow = `Waiting for ${decision.for}${decision.reason ? `: ${decision.reason}` : ''}`;
      return [{ ...parked(decision), fileHash, flow }];
    }
    default:
      return decision.for satisfies never;
  }
}

async function parkForAnswers(worker: Worker, decision: ParkDecision): Promise<NewEvent[]> {
  if (decision.askNothingToClarify) await askNothingToClarify(worker);
  const weakened = decision.weakened && (await askAboutWeakened(worker, decision.weakened, decision));
  await markWaiting(worker);
  const { questions, open, unconfirmed, fileHash } = await readQuestions(worker);
  const wait: NewEvent = {
    ...parked(decision),
    openQuestions: open,
    unconfirmed,
    weakened,
    fileHash: fileHash ?? '',
    flow: `Waiting for answers: ${open.join(', ')}`,
  };
  const by = openedAtStart('qa', worker.file.settings, stateOf(worker).startedBy);
  if (by === undefined) return [wait];
  const answers = suggestedAnswers({ questions, open });
  // Accepting weakened checks requires a real answer, never an automatic one.
  if (answers.length === 0 && weakened !== undefined) return [wait];
  const given = new Set(answers.map(({ id }) => id));
  const left = open.filter((id) => !given.has(id));
  const flow = `Suggestions accepted by ${openedBy(by)}`;
  return [wait, { type: 'answers_recorded', by, answers, open: left, flow }];
}

async function parkForApproval(worker: Worker, decision: ParkDecision): Promise<NewEvent[]> {
  const { version, text } = await readPlanEvidence(worker);
  const wait: NewEvent = {
    ...parked(decision),
    plan: version,
    flow: `Waiting for approval of the plan${version ? `: ${version.name}` : ''}`,
  };
  const by = openedAtStart('plan', worker.file.settings, stateOf(worker).startedBy);
  if (version === undefined || text === undefined || by === undefined) return [wait];
  const { gateChannels } = worker.file.settings;
  const unaccepted = refusedServers(by, { name: version.name, text }, gateChannels);
  if (unaccepted) {
    const { what, why } = unaccepted.error;
    return [{ ...wait, reason: [decision.reason, what, why].filter(Boolean).join(' ') }];
  }
  return [wait, await planApproved(worker, by, { plan: version, text, phase: decision.resumePhase })];
}

function parked(decision: ParkDecision): Extract<NewEvent, { type: 'parked' }> {
  const { for: waitsFor, resumePhase, reason, file } = decision;
  return { type: 'parked', for: waitsFor, resumePhase, openQuestions: [], unconfirmed: [], reason, file };
}

const MOST_LISTED = 8;
const MOST_OF_A_LINE = 160;

/**
 * Writes the question about weakened checks into `_qa.md`, unless it was written before a crash. It has no suggestion,
 * so that accepting all suggestions does not answer it.
 */
async function askAboutWeakened(
  worker: Worker,
  found: readonly Weakening[],
  { reason, changedTests }: Pick<ParkDecision, 'reason' | 'changedTests'>,
): Promise<Parked['weakened']> {
  const question = questionAbout(found, reason, changedTests);
  const before = await openWith(worker, question);
  if (before === undefined) await askOne(worker, question);
  const id = before ?? (await openWith(worker, question));
  return id === undefined ? undefined : { question: id, keys: found.map(({ key }) => key) };
}

async function askOne({ paths, file }: Worker, question: QuestionDraft): Promise<void> {
  await changeFile(paths.qa, (text) =>
    text === undefined || text.trim() === ''
      ? newQa({ title: file.folder, questions: [question] })
      : appendRound(text, [question]),
  );
}

/** A person is asked at least once before planning, even if no agent has a question. */
async function askNothingToClarify(worker: Worker): Promise<void> {
  const { answers, progress } = stateOf(worker);
  // After the file was emptied, the question would be identical to one that is already answered.
  const again = answers.length > 0 ? ` after iteration ${progress.totalIterations}` : '';
  const question = {
    text: `Nothing to clarify${again}. Continue with planning?`,
    options: ['yes', 'no, I have something to say first (write it as the answer)'],
    suggestion: { letters: ['A'], reason: 'no question was found that would change the work' },
  };
  await askOne(worker, question);
}

/** The worker owns the `Status` line; only a person may write `answered`, so it replaces an agent's. */
async function markWaiting(worker: Worker): Promise<void> {
  const text = await documentText(worker.paths.qa);
  if (text === undefined || parseQa(text).status === 'waiting') return;
  const { open } = openQuestions(text, stateOf(worker));
  if (open.length > 0) await changeFile(worker.paths.qa, (now) => setQaStatus(now ?? text, 'waiting'));
}

/** Exactly as written here: an agent may have asked the same text with other options or a suggestion. */
async function openWith(worker: Worker, { text, options }: QuestionDraft): Promise<string | undefined> {
  const { questions, open } = await readQuestions(worker);
  return questions.findLast((each) => {
    const isSame = each.text === text && isDeepStrictEqual(each.options.map(wordsOf), options);
    return isSame && each.suggestion === undefined && open.includes(each.id);
  })?.id;
}

function wordsOf(option: { text: string }): string {
  return option.text;
}

function questionAbout(
  found: readonly Weakening[],
  reason = '',
  others: readonly string[] = [],
): QuestionDraft {
  const lines = found.map(({ path, what }) => cut(`${path} ${what}`));
  const weakened = listed(lines, MOST_LISTED, { separator: '; ' });
  const also = others.length > 0 ? ` Also changed: ${listed(others.map(cut), MOST_LISTED)}.` : '';
  const text = `${reason} They may show less than before the work: ${weakened}. Is that meant?${also}`;
  return {
    text: oneLine(text),
    options: ['no, an agent brings back what was there', 'yes, accept these changes'],
  };
}

function cut(line: string): string {
  const plain = visibleControls(line);
  return plain.length > MOST_OF_A_LINE ? `${plain.slice(0, MOST_OF_A_LINE)}…` : plain;
}
