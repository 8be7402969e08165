import type { Command } from 'commander';
import { handleOf } from '../../session/layout/names.ts';
import { sessionFacts } from '../rendering/session-facts.ts';
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
    .description('continue a session, or give a finished one a new --goal')
    .option('--note <text>', 'a note for the next agent')
    .option('--goal <text>', 'new work for a finished session')
    .option('--provider <name>', 'switch to this agent CLI')
    .option('--model <name>', 'switch to this model')
    .option('--max-cost-usd <dollars>', 'limit for the cost of the whole session')
    .option('--max-tokens <tokens>', 'limit for the tokens of the whole session')
    .option('--max-hours <hours>', 'limit for the working time of all its agents')
    .option('--max-iterations <number>', 'limit for the number of its iterations')
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
      : `continues. To follow it: samocode log ${handleOf(view.folder)} --follow`;
  cli.output.result({ ...facts, outcome }, () =>
    outcome === 'resumed'
      ? `${cli.output.style.good('✔')} ${view.folder} ${how}`
      : `${view.folder} is already running.`,
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
