import { judgeAnswer, judgeApprove, judgeRequestChanges } from '../../session/commands/judge-gates.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { planApproved } from '../record/plan-approved.ts';
import type { Handler } from '../state/command-outcome.ts';
import { readPlanEvidence, readQuestions } from '../state/evidence.ts';
import { stateOf, type Worker } from '../state/worker.ts';

/** Records a person's answers, which open the first gate. */
export const answer: Handler<'answer'> = async (worker, command) => {
  const facts = { ...(await readQuestions(worker)), ...worker.file.settings };
  const verdict = judgeAnswer(command, stateOf(worker), facts);
  if (verdict.kind === 'refused') return verdict;
  const { answers, open, replaced } = verdict;
  const given = answers.map(({ id }) => id).join(', ');
  const flow = `Answers recorded: ${given}${open.length > 0 ? `; open: ${open.join(', ')}` : ''}`;
  return { events: [{ type: 'answers_recorded', by: command.by, answers, replaced, open, flow }] };
};

/** Records a person's approval of the current plan, which opens the second gate. */
export const approve: Handler<'approve'> = async (worker, command) => {
  const { version, text } = await readPlanEvidence(worker);
  const plan = version && text !== undefined ? { ...version, text } : undefined;
  const verdict = judgeApprove(command, stateOf(worker), { plan, ...worker.file.settings });
  if (verdict.kind === 'refused') return verdict;
  const approved = await planApproved(worker, command.by, verdict);
  return { events: [...(await answersSeen(worker, command.by)), approved] };
};

/** Sends the plan back with the person's comments. */
export const takeChangeRequest: Handler<'request_changes'> = async (worker, command) => {
  const verdict = judgeRequestChanges(command, stateOf(worker), worker.file.settings);
  if (verdict.kind === 'refused') return verdict;
  const { by, feedback } = command;
  const flow = `Changes to the plan requested: ${feedback.split('\n')[0]}`;
  const answers = await answersSeen(worker, by);
  return { events: [...answers, { type: 'changes_requested', by, feedback, flow }] };
};

/** The answers to record first, because a person can decide about a plan before the session's first agent has run. */
async function answersSeen(worker: Worker, by: By): Promise<NewEvent[]> {
  return stateOf(worker).prepared ? [] : await currentAnswers(worker, by);
}

/** Records the answers in `_qa.md` as answers of `by`. */
export async function currentAnswers(worker: Worker, by: By): Promise<NewEvent[]> {
  const { unconfirmed: answers, open } = await readQuestions(worker);
  if (answers.length === 0) return [];
  const ids = answers.map(({ id }) => id);
  const left = open.filter((id) => !ids.includes(id));
  const flow = `Answers confirmed as they were: ${ids.join(', ')}`;
  return [{ type: 'answers_recorded', by, answers, open: left, flow }];
}
