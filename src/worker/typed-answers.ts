import { closedChannel } from '../session/commands/closed-channel.ts';
import type { By, RecordedAnswer } from '../session/event-types.ts';
import { answerText, parseAnswer } from '../session/qa-answer.ts';
import { findQuestion } from '../session/qa-question.ts';
import type { WaitingStatus } from '../session/state.ts';
import { readQuestions } from './evidence.ts';
import { record, stateOf, type Worker } from './worker.ts';

const BY_HAND: By = { channel: 'file' };
/** A person may still be typing: answers count when the file has rested for this long. */
const REST_MS = 2000;

/**
 * Takes the answers that a person typed into `_qa.md` while the session waits: when every open question
 * has one, none is an answer that already stood there at parking, and the file has come to rest.
 */
export async function typedAnswers(worker: Worker, status: WaitingStatus): Promise<boolean> {
  if (closedChannel(BY_HAND, worker.file.settings.gateChannels)) return false;
  const first = await completeAnswers(worker, status);
  if (first === undefined) return false;
  await worker.clock.sleep(REST_MS);
  // Somebody may have acted through another channel meanwhile.
  if (stateOf(worker).status.kind !== 'waiting') return false;
  const second = await completeAnswers(worker, status);
  if (second === undefined || second.fileHash !== first.fileHash) return false;
  const flow = `Answers typed into _qa.md: ${second.answers.map(({ id }) => id).join(', ')}`;
  await record(worker, {
    type: 'answers_recorded',
    by: BY_HAND,
    answers: second.answers,
    open: [],
    flow,
  });
  return true;
}

async function completeAnswers(
  worker: Worker,
  status: WaitingStatus,
): Promise<{ answers: RecordedAnswer[]; fileHash: string } | undefined> {
  const { open, unconfirmed, questions, fileHash } = await readQuestions(worker);
  if (fileHash === undefined || fileHash === status.fileHash || open.length === 0) return undefined;
  const parkedWith = new Map(
    status.unconfirmed.map((answer) => [`${answer.id} ${answer.question}`, answer.text]),
  );
  const answers: RecordedAnswer[] = [];
  for (const id of open) {
    const typed = unconfirmed.find((answer) => answer.id === id);
    const question = findQuestion(questions, id);
    if (typed === undefined || question === undefined) return undefined;
    if (parkedWith.get(`${typed.id} ${typed.question}`) === typed.text) return undefined;
    const parsed = parseAnswer(question, typed.text);
    if (parsed.kind === 'invalid') return undefined;
    answers.push({ ...typed, text: answerText(parsed) });
  }
  return { answers, fileHash };
}
