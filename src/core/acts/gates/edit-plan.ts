import type { SessionQuestion } from '../../caller/context/find-session.ts';
import { askYesNo } from '../../faces/terminal/ask.ts';
import type { Cli } from '../../faces/terminal/cli.ts';
import { Drafts } from '../../faces/terminal/drafts.ts';
import { diffColours } from '../../faces/terminal/markdown.ts';
import { editDifference, planToEdit, savePlan } from './edit-plan.act.ts';

/**
 * Lets the person edit the plan that waits for their approval, shows the changes and asks whether to save them.
 * @returns whether it was saved
 */
export async function editPlanAtTerminal(cli: Cli, question: SessionQuestion): Promise<boolean> {
  const plan = await planToEdit(question, await cli.actionContext());
  await using drafts = new Drafts(cli, plan.view);
  const edited = await drafts.edited('plan.md', plan.text);
  if (edited === undefined) return false;
  const changes = editDifference(plan, edited);
  const shown = changes.length > 0 ? changes.join('\n') : 'Only ticks or notes have changed.';
  cli.output.say(`\n${diffColours(shown, cli.output.style)}\n`);
  // Enter saves: the plan still waits for approval.
  if (!(await askYesNo(cli, 'Save this version of the plan?', true))) return false;
  await savePlan(plan, edited);
  await drafts.recorded();
  return true;
}
