import type { Command } from 'commander';
import type { SessionQuestion } from '../../actions/places/find-session.ts';
import { planServers } from '../../session/servers/plan-servers.ts';
import { sessionFacts, shortName } from '../rendering/session-facts.ts';
import { type Cli, EXIT } from '../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';

export function addApprove(program: Command, cli: Cli): void {
  withSharedOptions(program.command('approve <session>'))
    .description('approve the plan and start the work')
    .option('--hash <hash>', 'only if the plan is still the one with this hash ("samocode plan --json")')
    .action((session: string, options: SharedOptions & { hash?: string }) => approve(cli, session, options));
}

async function approve(cli: Cli, session: string, options: SharedOptions & { hash?: string }): Promise<void> {
  const { approvePlan } = await import('../../actions/gates/approve-plan.ts');
  const question = { session, ...projectOf(options) };
  const read =
    options.hash === undefined && cli.isInteractive ? await acceptsCommands(cli, question) : options;
  if (read === undefined) return cli.leaveWith(EXIT.waiting);
  const input = { ...question, hash: read.hash, asItStands: true } as const;
  const { view, plan, servers, already } = await approvePlan(input, await cli.actionContext());
  const short = shortName(view.folder);
  cli.output.result({ ...sessionFacts(view), plan, servers, already }, () =>
    already
      ? `${plan.name} was already approved.`
      : [
          ...servers,
          `${cli.output.style.good('✔')} ${plan.name} is approved. To follow the work: samocode log ${short} --follow`,
        ].join('\n'),
  );
}

/**
 * Whether the person accepts the commands that a plan starts servers by: a model wrote them, and what it said of the plan
 * elsewhere may have left them out. Undefined: no.
 * @returns with the hash of the plan whose commands were shown
 */
async function acceptsCommands(cli: Cli, question: SessionQuestion): Promise<{ hash?: string } | undefined> {
  const { readPlan } = await import('../../actions/gates/read-plan.ts');
  // What cannot be read is refused with the approval.
  const plan = await readPlan(question, await cli.actionContext()).catch(() => undefined);
  if (plan?.state !== 'waits_for_approval') return {};
  const { text, hash, servers } = plan;
  if (planServers(text).servers.every(({ command }) => command === undefined)) return {};
  cli.output.say(servers.join('\n'));
  const typed = await cli.ask('approve the plan and start them (y approves; Enter leaves it for later): ');
  return /^y(?:es)?$/i.test(typed.trim()) ? { hash } : undefined;
}
