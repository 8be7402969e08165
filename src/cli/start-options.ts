import { type Command, InvalidArgumentError } from 'commander';
import type { StartSessionInput } from '../actions/start-session.ts';
import { UsageError } from './cli.ts';
import { projectOf, type SharedOptions } from './shared-options.ts';

/** What `start`, `run` and the original form say about a new session. */
export interface StartOptions extends SharedOptions {
  task?: string;
  dive?: string;
  name?: string;
  provider?: string;
  model?: string;
  timeout?: number;
  branch?: string;
  base?: string;
  autoApprove?: true;
  acceptSuggestions?: true;
  fallback?: string;
  maxCostUsd?: string;
  maxTokens?: string;
  maxHours?: string;
  maxIterations?: string;
}

export function withStartOptions(command: Command): Command {
  return command
    .option('-t, --task <text>', 'what is to be done, in your own words')
    .option('--dive <topic>', 'something to research, beside a task or instead of one')
    .option('--name <name>', 'the session (default: words of the task)')
    .option('--provider <name>', 'claude, codex, gemini, or rehearsal (no model, no login)')
    .option('--model <name>', 'the model for this session')
    .option('--timeout <seconds>', 'how long one child may work', wholeSeconds)
    .option('--branch <name>', 'the branch (default: the name of the session)')
    .option('--base <ref>', "where the branch begins (default: the remote's default branch)")
    .option('--fallback <names>', 'who goes on at a usage limit: codex,gemini')
    .option('--max-cost-usd <dollars>', 'what all of the session may cost; there it asks')
    .option('--max-tokens <tokens>', 'how many tokens all of it may use')
    .option('--max-hours <hours>', 'how long its children may work in all')
    .option('--max-iterations <number>', 'how many children it may start in all')
    .option('--accept-suggestions', 'every question gets its suggestion, without you')
    .option('--auto-approve', 'the plan needs no yes of yours');
}

export function wholeSeconds(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds.');
  return Number(text);
}

/** @throws UsageError when there is nothing to do */
export function startInput(options: StartOptions): StartSessionInput {
  const { task, dive, name, provider, model, timeout, branch, base, autoApprove, acceptSuggestions } =
    options;
  if (!task?.trim() && !dive?.trim()) {
    throw new UsageError(
      'There is nothing to do.',
      'A session needs a task, or a topic to research.',
      'Say for instance --task "Add JWT auth", or --dive "How does billing work?".',
    );
  }
  // The words of the command line are read and judged with every other setting.
  const settings = { provider, model, timeoutSeconds: timeout, ...limitsOf(options) } as unknown;
  const choices = { branch, base, autoApprove, acceptSuggestions };
  return {
    ...{ task, dive, name, ...projectOf(options), ...choices },
    settings: settings as StartSessionInput['settings'],
  };
}

function limitsOf({ fallback, maxCostUsd, maxTokens, maxHours, maxIterations }: StartOptions) {
  return { fallback, maxCostUsd, maxTokens, maxHours, maxIterations };
}
