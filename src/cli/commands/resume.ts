import type { Command } from 'commander';
import { sessionFacts, shortName } from '../rendering/session-facts.ts';
import type { Cli } from '../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';

interface ResumeOptions extends SharedOptions {
  note?: string;
  goal?: string;
  provider?: string;
  model?: string;
  maxCostUsd?: string;
  maxTokens?: string;
  maxHours?: string;
  maxIterations?: string;
}

export function addResume(program: Command, cli: Cli): void {
  withSharedOptions(program.command('resume <session>'))
    .description('go on with one that rests, or give a done one a new --goal')
    .option('--note <text>', 'something for the next child to know')
    .option('--goal <text>', 'new work for a session that is done')
    .option('--provider <name>', 'another agent CLI from now on')
    .option('--model <name>', 'another model from now on')
    .option('--max-cost-usd <dollars>', 'what all of the session may cost from now on')
    .option('--max-tokens <tokens>', 'how many tokens all of it may use')
    .option('--max-hours <hours>', 'how long its children may work in all')
    .option('--max-iterations <number>', 'how many children it may start in all')
    .action((session: string, options: ResumeOptions) => resume(cli, session, options));
}

async function resume(cli: Cli, session: string, options: ResumeOptions): Promise<void> {
  const { resumeSession } = await import('../../actions/sessions/resume-session.ts');
  const input = {
    session,
    ...projectOf(options),
    note: options.note,
    goal: options.goal,
    provider: options.provider,
    model: options.model,
    caps: capsOf(options),
  };
  const { view, outcome } = await resumeSession(input, await cli.actionContext());
  const facts = sessionFacts(view);
  const how =
    facts.state === 'waiting'
      ? `waits for you again: ${facts.next}`
      : `goes on. Follow it: samocode log ${shortName(view.folder)} --follow`;
  cli.output.result({ ...facts, outcome }, () =>
    outcome === 'resumed'
      ? `${cli.output.style.good('✔')} ${view.folder} ${how}`
      : `${view.folder} is running already.`,
  );
}

function capsOf({ maxCostUsd, maxTokens, maxHours, maxIterations }: ResumeOptions) {
  // An empty text would be read as zero.
  const number = (text: string | undefined) =>
    text === undefined ? undefined : Number(text.trim() || Number.NaN);
  return {
    usd: number(maxCostUsd),
    tokens: number(maxTokens),
    hours: number(maxHours),
    iterations: number(maxIterations),
  };
}
