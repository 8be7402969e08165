import { type Command, InvalidArgumentError } from 'commander';
import { handleOf } from '../../session/layout/names.ts';
import { sessionFacts } from '../rendering/session-facts.ts';
import type { Cli } from '../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';

interface ResumeOptions extends SharedOptions {
  note?: string;
  goal?: string;
  provider?: string;
  model?: string;
  maxCostUsd?: number;
  maxTokens?: number;
  maxHours?: number;
  maxIterations?: number;
}

export function addResume(program: Command, cli: Cli): void {
  withSharedOptions(program.command('resume <session>'))
    .description('Continue a session, or give a finished one new work')
    .option('--note <text>', 'a note for the next agent')
    .option('--goal <text>', 'new work for a finished session')
    .option('--provider <name>', 'switch to this agent CLI')
    .option('--model <name>', 'switch to this model')
    .option('--max-cost-usd <dollars>', 'limit for the cost of the whole session', limit)
    .option('--max-tokens <tokens>', 'limit for the tokens of the whole session', limit)
    .option('--max-hours <hours>', 'limit for the working time of all its agents', limit)
    .option('--max-iterations <number>', 'limit for the number of its iterations', limit)
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
  return { usd: maxCostUsd, tokens: maxTokens, hours: maxHours, iterations: maxIterations };
}

function limit(text: string): number {
  const number = Number(text.trim() || Number.NaN);
  if (number >= 0 && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('It must be a number, 0 or more.');
}
