import { closedChannel } from '../session/commands/closed-channel.ts';
import { documentText } from '../session/document-text.ts';
import type { By } from '../session/event-types.ts';
import type { WaitingStatus } from '../session/state.ts';
import { type RestingFile, restingFile, TYPING_REST, typedAnswers } from '../session/typed-answers.ts';
import { hashOf } from './documents.ts';
import { Looks } from './looks.ts';
import { record, stateOf, type Worker } from './worker.ts';

const BY_HAND: By = { channel: 'file' };

/** Whether people may open a gate of this session by typing. */
export function takesTypedAnswers({ file }: Pick<Worker, 'file'>): boolean {
  return closedChannel(BY_HAND, file.settings.gateChannels) === undefined;
}

/** Takes the answers that a person types into `_qa.md` while the session waits, once the file rests. */
export class TypedAnswersWatch {
  readonly #worker: Worker;
  readonly #looks: Looks;
  #resting: RestingFile | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    this.#looks = new Looks(worker.clock);
  }

  /** @returns true when answers were taken */
  async look(status: WaitingStatus): Promise<boolean> {
    const { clock, paths, file } = this.#worker;
    const isDue = this.#resting !== undefined && clock.monotonic() >= this.#resting.dueAtMs;
    if (!this.#looks.isDue(paths.qa) && !isDue) return false;
    const before = this.#resting;
    this.#resting = undefined;
    const text = await documentText(paths.qa);
    const fileHash = hashOf(text);
    if (text === undefined || fileHash === undefined || fileHash === status.fileHash) return false;
    if (!takesTypedAnswers(this.#worker)) return false;
    const typed = typedAnswers(text, stateOf(this.#worker), status);
    if (typed === undefined) return false;
    const rest = file.settings.typingRest ?? TYPING_REST;
    const now = clock.monotonic();
    this.#resting = restingFile(before, { ...typed, fileHash }, now, rest);
    if (now < this.#resting.dueAtMs) return false;
    const { answers } = typed;
    const flow = `Answers typed into _qa.md: ${answers.map(({ id }) => id).join(', ')}`;
    await record(this.#worker, { type: 'answers_recorded', by: BY_HAND, answers, open: [], flow });
    return true;
  }
}
