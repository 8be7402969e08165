import type { By } from '../../session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { readQuestions } from '../core/evidence.ts';
import type { Worker } from '../core/worker.ts';

/** The answers that stand in `_qa.md` as answers of `by`. */
export async function answersAsTheyAre(worker: Worker, by: By): Promise<NewEvent[]> {
  const { unconfirmed: answers, open } = await readQuestions(worker);
  if (answers.length === 0) return [];
  const ids = answers.map(({ id }) => id);
  const left = open.filter((id) => !ids.includes(id));
  const flow = `Answers confirmed as they were: ${ids.join(', ')}`;
  return [{ type: 'answers_recorded', by, answers, open: left, flow }];
}
