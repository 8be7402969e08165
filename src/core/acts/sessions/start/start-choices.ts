import { providerChoices } from '../../../agents/registry.ts';
import { LIMIT_NAMES, type LimitName, type SpendingLimits } from '../../../kernel/phases/limits.ts';
import { SANDBOX_MEANS, SANDBOXES } from '../../../kernel/sandbox-level.ts';
import { inWords } from '../../../kernel/text.ts';
import type { CallSettings } from '../../../project/settings/settings.ts';
import type { RecurringRun } from '../../../session/events/bodies/session-file.ts';
import type { AskQuick } from './ask-quick.ts';
import { type Work, type WorkRequest, workOf } from './work.ts';

/** Choices for one session, in addition to the project's settings. */
export interface SessionChoices {
  branch?: string;
  base?: string;
  autoApprove?: boolean;
  acceptSuggestions?: boolean;
  /** One agent does the task as it is written. */
  quick?: boolean;
  /** With `quick`: reviewed whatever its size. */
  review?: boolean;
  /** A value of SANDBOX, unparsed; only a person may choose a weaker level than the project's. */
  sandbox?: string;
}

interface NewSessionChoices extends SessionChoices {
  /** Derived from the work if absent. */
  name?: string;
  /** Sessions of one group are listed, awaited and stopped together. */
  group?: string;
  /** Offered to every machine of the pool that this one is in. */
  where?: 'pool';
  settings?: CallSettings;
}

/** What has to happen before a session starts, as the user wrote it. */
export interface OrderRequest {
  /** A session, or a group. */
  after?: string;
  afterMerge?: string;
  at?: string;
}

export interface StartSessionInput<W extends Work = Work> {
  work: W;
  /** Its folder or `.samocode`, as in `ProjectQuestion`. */
  project?: string;
  choices?: NewSessionChoices;
  order?: OrderRequest;
  recurring?: RecurringRun;
  /**
   * Asks the person whether these uncommitted files of a chat are copied into the session's first commit; absent if
   * there is no way to ask.
   */
  bring?(files: readonly string[]): Promise<boolean>;
  /** Asks the person in a form whether a quick session may begin; absent if there is no form. */
  askQuick?: AskQuick;
  /** If false, everything is prepared, and nothing runs until a resume. */
  run?: boolean;
  /** If false, the same call within ten minutes returns the session of the first one while that has not ended. */
  again?: boolean;
}

/** A choice at the start: an argument of the tool, and an option of the command. */
export interface StartChoiceRow {
  /** `--model <name>`; absent for what only a chat can say. */
  option?: string;
  /** The description for both, unless `tool` replaces it in the tool's schema. */
  about: string;
  tool?: string;
  /** `limit`: one of the limits, all of which the tool takes as one argument. */
  kind?: 'text' | 'yes' | 'seconds' | 'by_phase' | 'limit' | 'pool';
  /** The setting that it overrides for this session; without one, it is a choice of the session itself. */
  setting?: keyof CallSettings;
  isForResume?: true;
  /** Not an argument of the tool. */
  isForTerminal?: true;
  /** In the tool's `options`. */
  isRare?: true;
}

const forResume = { isForResume: true } as const;
const rare = { isRare: true } as const;

/** `guard (always)`. */
const LEVELS = SANDBOXES.map((each) => `${each} (${SANDBOX_MEANS[each]})`);

/** Every choice at a start, in the order of the help; tool, command and use case are derived from it. */
const START_CHOICES = {
  task: { option: '-t, --task <text>', about: "what to do, in the user's words" },
  dive: {
    option: '--dive <topic>',
    tool: 'To research first.',
    about: 'a topic to research first, or instead of a task',
  },
  plan: {
    option: '--plan <file>',
    tool: 'If the user has one: path or text.',
    about: 'carry out a plan as it is: Markdown with check boxes',
  },
  replan: {
    option: '--replan',
    kind: 'yes',
    tool: 'With plan: agents plan from it.',
    about: 'with --plan: agents make a plan of theirs from it',
  },
  issue: {
    option: '--issue <issue>',
    tool: 'Number or URL.',
    about: 'work on a GitHub issue: its number or URL',
  },
  fromChat: {
    kind: 'yes',
    about: 'carry on this chat',
    tool: 'If decided in this chat.',
  },
  brief: { about: 'if from_chat is refused: what was decided' },
  chat: {
    option: '--chat [id]',
    isForTerminal: true,
    about: 'carry on a chat with your agent CLI: its id, or none to see them',
  },
  name: {
    option: '--name <name>',
    tool: 'By the user.',
    about: 'name of the session (default: words of the task)',
  },
  group: {
    option: '--group <name>',
    ...rare,
    tool: 'For several.',
    about: 'name of a group whose sessions can be awaited and stopped together',
  },
  base: {
    option: '--base <ref>',
    tool: 'If not the default.',
    about: 'what to branch from, if not the default branch',
  },
  branch: {
    option: '--branch <name>',
    ...rare,
    tool: 'By the user.',
    about: 'name of the new branch',
  },
  after: {
    option: '--after <name>',
    tool: 'Once that is done.',
    about: 'start once that session or group is done',
  },
  afterMerge: {
    option: '--after-merge <session>',
    ...rare,
    tool: 'Once it is merged.',
    about: "start once that session's branch is merged",
  },
  at: {
    option: '--at <time>',
    tool: 'Later: 23:00, 2026-12-01T07:00 or limit.',
    about: 'start at 23:00, 2026-12-01T07:00 (local time), or limit: when the usage limit ends',
  },
  provider: {
    option: '--provider <name>',
    setting: 'provider',
    ...forResume,
    get about() {
      return `${providerChoices()} (no model)`;
    },
    get tool() {
      return `${providerChoices()}.`;
    },
  },
  model: {
    option: '--model <name>',
    about: "as the provider's CLI names it",
    tool: 'By the user.',
    setting: 'model',
    ...forResume,
  },
  providers: {
    option: '--providers <phase=name>',
    kind: 'by_phase',
    ...rare,
    setting: 'providerByPhase',
    about: 'other providers for single phases: quality=codex',
    tool: 'By phase: {"quality":"codex"}',
  },
  models: {
    option: '--models <phase=name>',
    kind: 'by_phase',
    ...rare,
    setting: 'modelByPhase',
    about: 'other models for single phases: planning=opus',
    tool: 'The same for models.',
  },
  fallback: {
    option: '--fallback <names>',
    setting: 'fallback',
    ...rare,
    tool: 'At a limit: codex.',
    about: 'providers that take over at a usage limit: codex,opencode',
  },
  maxCostUsd: {
    option: '--max-cost-usd <dollars>',
    kind: 'limit',
    setting: 'maxCostUsd',
    ...forResume,
    about: 'limit for the cost of the session; it then asks you',
  },
  maxTokens: {
    option: '--max-tokens <tokens>',
    kind: 'limit',
    setting: 'maxTokens',
    ...forResume,
    about: 'limit for the tokens of the whole session',
  },
  maxHours: {
    option: '--max-hours <hours>',
    kind: 'limit',
    setting: 'maxHours',
    ...forResume,
    about: 'limit for the working time of all its agents',
  },
  maxIterations: {
    option: '--max-iterations <number>',
    kind: 'limit',
    setting: 'maxIterations',
    ...forResume,
    about: 'limit for the number of its iterations',
  },
  timeout: {
    option: '--timeout <seconds>',
    kind: 'seconds',
    setting: 'timeoutSeconds',
    ...rare,
    tool: 'Of one agent.',
    about: 'seconds that one agent may run',
  },
  sandbox: {
    option: '--sandbox <level>',
    ...rare,
    about: `sandbox of the agents: ${inWords(LEVELS, 'or')}`,
    tool: `${SANDBOXES.join(', ')}; only a person lowers it.`,
  },
  acceptSuggestions: {
    option: '--accept-suggestions',
    kind: 'yes',
    tool: 'Like auto_approve, for questions.',
    about: 'accept every suggested answer without asking you',
  },
  quick: {
    option: '--quick',
    kind: 'yes',
    about: 'one agent does the task as written: no questions first, no plan',
    tool: 'For a few lines: one agent, no gates. Like auto_approve.',
  },
  review: {
    option: '--review',
    kind: 'yes',
    isForTerminal: true,
    about: 'with --quick: another agent reviews the work, whatever its size',
  },
  autoApprove: {
    option: '--auto-approve',
    kind: 'yes',
    about: 'approve the plan without asking you',
    tool: 'Only when the user said so; recorded as yours.',
  },
  where: {
    option: '--pool',
    kind: 'pool',
    ...rare,
    tool: 'Any of the pool.',
    about: 'let any machine of the pool work on it',
  },
  from: {
    option: '--from <folder>',
    ...rare,
    tool: 'A prepared folder.',
    about: 'instead of a task: a folder prepared by hand',
  },
  phase: {
    option: '--phase <name>',
    ...rare,
    tool: 'Beside from.',
    about: 'with --from: phase to continue at',
  },
} as const satisfies Record<string, StartChoiceRow>;

export const LIMIT_SETTINGS = {
  usd: 'maxCostUsd',
  tokens: 'maxTokens',
  hours: 'maxHours',
  iterations: 'maxIterations',
} as const satisfies Record<LimitName, keyof CallSettings>;
export type LimitSetting = (typeof LIMIT_SETTINGS)[LimitName];

export function settingsOfLimits(limits: SpendingLimits = {}): CallSettings {
  return Object.fromEntries(LIMIT_NAMES.map((name) => [LIMIT_SETTINGS[name], limits[name]]));
}

export type StartChoice = keyof typeof START_CHOICES;

export const START_CHOICE_ROWS = Object.entries(START_CHOICES) as ReadonlyArray<
  [StartChoice, StartChoiceRow]
>;

/**
 * Converts choices into the input of a start; a blank one is as good as none. Values of settings are validated later,
 * with all other settings.
 */
export function startInput(chosen: Readonly<Partial<Record<StartChoice, unknown>>>): StartSessionInput {
  const settings: Record<string, unknown> = {};
  const others: Record<string, unknown> = {};
  for (const [name, { setting }] of START_CHOICE_ROWS) {
    const given = chosen[name];
    // The indentation of a plan's first line counts.
    const words =
      typeof given === 'string' && (name !== 'plan' || given.trim() === '') ? given.trim() : given;
    if (setting !== undefined && given !== undefined) settings[setting] = given;
    if (setting === undefined && words !== '') others[name] = words;
  }
  // The schema of the tool and the parser of the options have checked their types.
  const request = others as WorkRequest & NewSessionChoices;
  const { task, dive, plan, replan, issue, fromChat, brief, chat, from, phase, ...rest } = request;
  const { after, afterMerge, at, ...choices } = rest;
  return { work: workOf(request), choices: { ...choices, settings }, order: { after, afterMerge, at } };
}
