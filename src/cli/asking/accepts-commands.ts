import { basename } from 'node:path';
import type { SessionQuestion } from '../../actions/places/find-session.ts';
import type { FolderToContinue } from '../../actions/sessions/start-choices.ts';
import { planServers } from '../../session/servers/plan-servers.ts';
import type { Cli } from '../terminal/cli.ts';

/**
 * Whether the person accepts the commands that a plan starts servers by: a model wrote them, and what it said of the plan
 * elsewhere may have left them out. Undefined: no.
 * @returns with the hash of the plan whose commands were shown
 */
async function acceptsCommands(cli: Cli, question: SessionQuestion): Promise<{ hash?: string } | undefined> {
  const { readPlan } = await import('../../actions/gates/read-plan.ts');
  // What cannot be read is refused with the approval.
  const plan = await readPlan(question, await cli.actionContext()).catch(() => undefined);
  if (plan === undefined || plan.state === 'approved') return {};
  const { text, hash, servers } = plan;
  if (planServers(text).servers.every(({ command }) => command === undefined)) return {};
  cli.output.say(servers.join('\n'));
  const typed = await cli.ask('approve the plan and start them (y approves; Enter leaves it for later): ');
  return /^y(?:es)?$/i.test(typed.trim()) ? { hash } : undefined;
}

/** The same for a start that approves the plan of a folder that was prepared by hand. */
export async function acceptsStart(
  cli: Cli,
  { from, approve }: Partial<FolderToContinue>,
  projectDir: string | undefined,
): Promise<boolean> {
  if (!from || !approve || !cli.isInteractive) return true;
  return (await acceptsCommands(cli, { session: basename(from.trim()), projectDir })) !== undefined;
}
