import { type Command, InvalidArgumentError } from 'commander';
import type { StartSessionInput } from '../../actions/sessions/start-input.ts';
import { PHASE_NAMES } from '../../phases/table.ts';
import { PROVIDER_CHOICES } from '../../providers/registry.ts';
import { CLI_ERRORS } from './cli-errors.ts';
import { projectOf, type SharedOptions, wholeSeconds } from './shared-options.ts';

type ByPhase = Readonly<Record<string, string>>;

/** What `start`, `run` and the original form say about a new session. */
export interface StartOptions extends SharedOptions {
  task?: string;
  dive?: string;
  name?: string;
  group?: string;
  provider?: string;
  model?: string;
  providers?: ByPhase;
  models?: ByPhase;
  timeout?: number;
  branch?: string;
  base?: string;
  sandbox?: string;
  autoApprove?: true;
  from?: string;
  phase?: string;
  approve?: string;
  acceptSuggestions?: true;
  fallback?: string;
  maxCostUsd?: string;
  maxTokens?: string;
  maxHours?: string;
  maxIterations?: string;
}

/** The options of a start in the order of the help; `isForResume`: `samocode resume` takes it too. */
const START_OPTIONS = {
  task: ['-t, --task <text>', 'what to do, in your own words'],
  dive: ['--dive <topic>', 'a topic to research, with a task or instead of one'],
  name: ['--name <name>', 'name of the session (default: words of the task)'],
  group: ['--group <name>', 'a name by which sessions are listed, stopped and awaited together'],
  base: ['--base <ref>', "where the branch starts (default: the remote's default branch)"],
  branch: ['--branch <name>', "the branch (default: BRANCH_PREFIX and the session's name)"],
  provider: ['--provider <name>', `${PROVIDER_CHOICES} (no model, no login)`],
  model: ['--model <name>', 'the model for this session'],
  providers: ['--providers <phase=name>', 'another agent CLI for single phases: quality=codex'],
  models: ['--models <phase=name>', 'another model for single phases: planning=opus'],
  fallback: ['--fallback <names>', 'agent CLIs that take over at a usage limit: codex,gemini'],
  maxCostUsd: ['--max-cost-usd <dollars>', 'limit for the cost of the session; it then asks you'],
  maxTokens: ['--max-tokens <tokens>', 'limit for the tokens of the whole session'],
  maxHours: ['--max-hours <hours>', 'limit for the working time of all its agents'],
  maxIterations: ['--max-iterations <number>', 'limit for the number of its iterations'],
  timeout: ['--timeout <seconds>', 'how long one agent may run'],
  sandbox: ['--sandbox <level>', 'guard (or nothing starts), auto, or off (no sandbox for agents)'],
  acceptSuggestions: ['--accept-suggestions', 'accept every suggested answer without asking you'],
  autoApprove: ['--auto-approve', 'approve the plan without asking you'],
  from: ['--from <folder>', 'continue a session folder that was prepared by hand, in a chat'],
  phase: ['--phase <name>', 'with --from: the phase to continue at (default: as the folder shows)'],
  approve: ['--approve <plan>', 'with --from: approve this plan and the answers; implementation begins'],
} as const satisfies Record<StartOption, readonly [flags: string, words: string]>;

type StartOption = Exclude<keyof StartOptions, 'project'>;

const FOR_RESUME: ReadonlySet<string> = new Set<StartOption>([
  'provider',
  'model',
  'maxCostUsd',
  'maxTokens',
  'maxHours',
  'maxIterations',
]);

export function withStartOptions(command: Command): Command {
  for (const [name, [flags, words]] of Object.entries(START_OPTIONS)) {
    if (name === 'timeout') command.option(flags, words, wholeSeconds);
    else if (name === 'providers' || name === 'models') command.option(flags, words, byPhase);
    else command.option(flags, words);
  }
  return command;
}

export interface GivenOption {
  name: string;
  /** `--model`. */
  flag: string;
  /** With its value, as it is typed. */
  typed: string;
  /** `samocode resume` takes it too. */
  isForResume: boolean;
}

/** Which options of a start were typed. */
export function givenStartOptions(options: Partial<Record<StartOption, unknown>>): GivenOption[] {
  return Object.entries(START_OPTIONS).flatMap(([name, [flags]]) => {
    const value = Object.entries(options).find(([key]) => key === name)?.[1];
    if (value === undefined) return [];
    const flag = /--[a-z-]+/.exec(flags)?.[0] ?? name;
    const text = String(value);
    const typed = value === true ? flag : `${flag} ${/^[\w.,:/-]+$/.test(text) ? text : '…'}`;
    return [{ name, flag, typed, isForResume: FOR_RESUME.has(name) }];
  });
}

/** One `quality=codex` more, or several with commas. */
function byPhase(text: string, before: ByPhase = {}): ByPhase {
  const pairs = text.split(',').map((pair) => /^([a-z]+)=(\S+)$/.exec(pair.trim()));
  const named = pairs.map((pair) => PHASE_NAMES.find((phase) => phase === pair?.[1]));
  if (named.includes(undefined))
    throw new InvalidArgumentError(
      `It must be PHASE=NAME, such as quality=codex; the phases are ${PHASE_NAMES.join(', ')}.`,
    );
  return { ...before, ...Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? '', pair?.[2] ?? ''])) };
}

/** @throws usage when there is nothing to do */
export function startInput(options: StartOptions): StartSessionInput {
  const { task, dive, name, group, provider, model, timeout, branch, base } = options;
  const { sandbox, autoApprove, acceptSuggestions, providers, models } = options;
  const folder = { from: options.from, phase: options.phase, approve: options.approve };
  if ([task, dive, ...Object.values(folder)].every((words) => !words?.trim())) {
    throw CLI_ERRORS.usage({
      why: 'A session needs a task, or a topic to research.',
      hint: 'Add for example --task "Add JWT auth", or --dive "How does billing work?".',
    });
  }
  // The words of the command line are read and judged with every other setting.
  const settings = {
    ...{ provider, model, timeoutSeconds: timeout, ...limitsOf(options) },
    ...{ providerByPhase: providers, modelByPhase: models },
  };
  const choices = { branch, base, sandbox, autoApprove, acceptSuggestions };
  return {
    ...{ task, dive, name, group, ...projectOf(options), ...folder, ...choices },
    settings,
  };
}

function limitsOf({ fallback, maxCostUsd, maxTokens, maxHours, maxIterations }: StartOptions) {
  return { fallback, maxCostUsd, maxTokens, maxHours, maxIterations };
}
