import type { Cli, Menus } from '../../kit/terminal/cli.ts';
import { commentsOn } from '../../kit/terminal/editor.ts';
import { showLines } from '../../kit/terminal/pager.ts';
import { formatPlan, planDifference } from './format-gate.ts';
import type { PlanReport } from './read-plan.act.ts';

/** Undefined: left for later. */
type Decision = 'approved' | 'edit' | { feedback: string } | undefined;

/** Shows the plan to the person and asks for a decision. */
export async function decideOn(cli: Cli, plan: PlanReport, menus: Menus | undefined): Promise<Decision> {
  cli.output.say();
  await showLines(cli, formatPlan(plan, cli.output).split('\n'));
  // After a long plan, the changes are what the person has not read yet.
  for (const line of planDifference(plan, cli.output)) cli.output.say(line);
  return menus === undefined ? await decideByLine(cli) : await decideByMenu(cli, plan, menus);
}

async function decideByMenu(cli: Cli, plan: PlanReport, menus: Menus): Promise<Decision> {
  const choices = [
    { value: 'approve', label: 'approve it and start the work' },
    { value: 'read', label: 'read it again' },
    { value: 'comment', label: 'write comments on it in your editor' },
    { value: 'edit', label: 'edit it yourself' },
    { value: 'change', label: 'ask for changes' },
    { value: 'later', label: 'leave it for later' },
  ];
  for (;;) {
    // An accidental Enter approves nothing.
    const chosen = await menus.choose('The plan waits for you; Esc leaves it for later', choices, 'later');
    switch (chosen) {
      case 'approve':
        return 'approved';
      case 'read':
        await showLines(cli, formatPlan(plan, cli.output).split('\n'));
        break;
      case 'edit':
        return 'edit';
      case 'comment': {
        const feedback = await commentsOn(cli, plan.text);
        if (feedback === '') cli.output.say('No comment was written.');
        // Show the saved comments again before they cost an agent's time.
        else if (await isSent(cli, feedback, menus)) return { feedback };
        break;
      }
      case 'change':
        return await askChanges(menus);
      default:
        return undefined;
    }
  }
}

async function isSent(cli: Cli, feedback: string, menus: Menus): Promise<boolean> {
  cli.output.say(`\n${feedback}\n`);
  return (await menus.confirm('Send these comments to the agent?')) === true;
}

async function askChanges(menus: Menus): Promise<Decision> {
  const feedback = await menus.write('What should be different?', (typed) =>
    typed.trim() === '' ? 'Write what should be different; Esc leaves the plan for later.' : undefined,
  );
  return feedback === undefined ? undefined : { feedback };
}

async function decideByLine(cli: Cli): Promise<Decision> {
  cli.output.say('\ny approves it; Enter leaves it for later; or type what should be different.');
  const typed = (await cli.ask('your answer: ')).trim();
  // A plain no gives an agent nothing to work with, and each planning round costs one.
  const said = /^no?$/i.test(typed) ? (await cli.ask('what should be different: ')).trim() : typed;
  if (said === '' || /^q(?:uit)?$/i.test(said)) return undefined;
  return /^y(?:es)?$/i.test(said) ? 'approved' : { feedback: said };
}
