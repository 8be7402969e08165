import { isDeepStrictEqual } from 'node:util';
import { changeFile } from '../../base/files/change-file.ts';
import { listed, visibleControls } from '../../base/plain-words.ts';
import type { ParkDecision } from '../../phases/decision.ts';
import type { Weakening } from '../../phases/proving.ts';
import { documentText } from '../../session/documents/documents.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import { openQuestions, parseQa } from '../../session/documents/qa.ts';
import { appendRound, newQa, type QuestionDraft, setQaStatus } from '../../session/documents/qa-change.ts';
import type { Parked } from '../../session/events/bodies/positions.ts';
import { readQuestions } from '../core/evidence.ts';
import { stateOf, type Worker } from '../core/worker.ts';

const MOST_LISTED = 8;
const MOST_OF_A_LINE = 160;

/**
 * Writes the question about weakened checks into `_qa.md`, unless it waits there from before a crash. It has no
 * suggestion: whoever accepts all suggestions has not seen it.
 */
export async function askAboutWeakened(
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

/** Writes a question of the worker's own, as a round of its own. */
async function askOne({ paths, file }: Worker, question: QuestionDraft): Promise<void> {
  await changeFile(paths.qa, (text) =>
    text === undefined || text.trim() === ''
      ? newQa({ title: file.folder, questions: [question] })
      : appendRound(text, [question]),
  );
}

/** Before planning a person is asked once, also where no agent has a question. */
export async function askNothingToClarify(worker: Worker): Promise<void> {
  const { answers, progress } = stateOf(worker);
  // In a file that was emptied it would be the very question that the person has answered already.
  const again = answers.length > 0 ? ` after iteration ${progress.totalIterations}` : '';
  const question = {
    text: `Nothing to clarify${again}. Continue with planning?`,
    options: ['yes', 'no, I have something to say first (write it as the answer)'],
    suggestion: { letters: ['A'], reason: 'no question was found that would change the work' },
  };
  await askOne(worker, question);
}

/** The `Status` line is the worker's own, but for a person who says `answered`: a child that wrote that must not speak for them. */
export async function markWaiting(worker: Worker): Promise<void> {
  const text = await documentText(worker.paths.qa);
  if (text === undefined || parseQa(text).status === 'waiting') return;
  const { open } = openQuestions(text, stateOf(worker));
  if (open.length > 0) await changeFile(worker.paths.qa, (now) => setQaStatus(now ?? text, 'waiting'));
}

/** As it was written here: an agent may have written another with the same text, a suggestion or other options. */
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
