import type { CommandOf } from '../../session/commands/commands.ts';
import { judgeAnswer } from '../../session/commands/judge-answer.ts';
import type { Refused } from '../../session/commands/refused.ts';
import type { CommandOutcome } from '../core/command-outcome.ts';
import { readQuestions } from '../core/evidence.ts';
import { stateOf, type Worker } from '../core/worker.ts';

/** Records a person's answers: the human act that opens the first gate. */
export async function answer(
  worker: Worker,
  command: CommandOf<'answer'>,
): Promise<CommandOutcome | Refused> {
  const { gateChannels } = worker.file.settings;
  const verdict = judgeAnswer(command, stateOf(worker), { ...(await readQuestions(worker)), gateChannels });
  if (verdict.kind === 'refused') return verdict;
  const { answers, open } = verdict;
  const given = answers.map(({ id }) => id).join(', ');
  const flow = `Answers recorded: ${given}${open.length > 0 ? `; open: ${open.join(', ')}` : ''}`;
  return { events: [{ type: 'answers_recorded', by: command.by, answers, open, flow }] };
}
