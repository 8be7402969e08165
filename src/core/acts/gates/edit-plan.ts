import type { SessionQuestion } from '../../caller/context/find-session.ts';
import { askYesNo } from '../../kit/terminal/ask.ts';
import type { Cli } from '../../kit/terminal/cli.ts';
import { editedText } from '../../kit/terminal/editor.ts';
import { diffColours } from '../../kit/terminal/markdown.ts';
import { editDifference, planToEdit, savePlan } from './edit-plan.act.ts';

/**
 * Lets the person edit the plan that waits for their approval, shows the changes and asks whether to save them.
 * @returns whether it was saved
 */
export async function editPlanAtTerminal(cli: Cli, question: SessionQuestion): Promise<boolean> {
  const plan = await planToEdit(question, await cli.actionContext());
  const edited = await editedText(cli, plan.text);
  if (edited === undefined || edited === plan.text) return false;
  const changes = editDifference(plan, edited);
  const shown = changes.length > 0 ? changes.join('\n') : 'Only ticks or notes have changed.';
  cli.output.say(`\n${diffColours(shown, cli.output.style)}\n`);
  // Enter saves, so that no edit is lost by accident; the plan still waits for approval.
  if (!(await askYesNo(cli, 'Save this version of the plan?', true))) return false;
  await savePlan(plan, edited);
  return true;
}
