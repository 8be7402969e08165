import { GATES } from '../../phases/table.ts';
import { PROVIDER_NAMES } from '../../providers/registry.ts';
import { CHECK_SETTINGS } from './check-settings.ts';
import { LIMIT_SETTINGS } from './limit-settings.ts';
import {
  absolutePaths,
  amount,
  command,
  file,
  folder,
  listOf,
  oneOf,
  text,
  wholeNumber,
} from './setting-kinds.ts';
import { inScope } from './setting-spec.ts';

/** The ways in which a person may open a gate, as events name them. */
const GATE_CHANNELS = ['tool', 'elicitation', 'cli', 'phone', 'file'] as const;

const PERMISSIONS = ['skip', 'allow'] as const;

/** Strictest first. */
const SANDBOXES = ['guard', 'auto', 'off'] as const;
export type Sandbox = (typeof SANDBOXES)[number];

// A first letter, so that no model or branch can be taken for an option of the program that it is handed to.
export const modelName = text(
  "a model's name without blanks, 200 characters at most",
  /^[^\s\p{Cc}-][^\s\p{Cc}]{0,199}$/u,
);
const branchPrefix = text(
  'the first part of a branch name: letters, digits, and . _ - / between them',
  /^(?!.*(?:\.\.|\/\/|\/\.|\.lock(?:\/|$)))[\p{L}\p{N}](?:[\p{L}\p{N}._/-]*[\p{L}\p{N}_-])?$/u,
);

/** What stands in `.samocode`. */
export const PROJECT_SETTINGS = inScope('project', {
  mainRepo: {
    ...folder,
    key: 'MAIN_REPO',
    required: true,
    example: '~/code/shop',
    doc: "The project's git repository; sessions never change its own checkout.",
  },
  worktrees: {
    ...folder,
    key: 'WORKTREES',
    required: true,
    example: '~/code/shop/_samocode/worktrees',
    doc: 'Where samocode creates the worktree of each session.',
  },
  sessions: {
    ...folder,
    key: 'SESSIONS',
    required: true,
    example: '~/code/shop/_samocode/sessions',
    doc: 'Where samocode stores the overview, questions, plans and logs of each session.',
  },
  provider: {
    ...oneOf(PROVIDER_NAMES),
    key: 'PROVIDER',
    default: 'claude',
    perSession: true,
    pairedWith: 'SAMOCODE_PROVIDER',
    doc: 'The agent CLI that does the work.',
  },
  providerByPhase: {
    ...oneOf(PROVIDER_NAMES),
    key: 'PROVIDER_<PHASE>',
    family: 'phase',
    perSession: true,
    doc: 'Another agent CLI for one phase: PROVIDER_QUALITY=codex.',
  },
  fallback: {
    ...listOf(PROVIDER_NAMES, { orNone: true }),
    key: 'FALLBACK',
    default: 'none',
    perSession: true,
    doc: 'Agent CLIs that take over, in this order, while the first is at its usage limit.',
  },
  model: {
    ...modelName,
    key: 'MODEL',
    perSession: true,
    pairedPerProvider: 'MODEL',
    default: '',
    doc: "The model; if unset, the provider's own setting or default.",
  },
  modelByPhase: {
    ...modelName,
    key: 'MODEL_<PHASE>',
    family: 'phase',
    perSession: true,
    doc: 'Another model for one phase: MODEL_PLANNING=opus.',
  },
  timeoutSeconds: {
    ...wholeNumber('seconds', 1, 86_400),
    key: 'TIMEOUT',
    default: '1800',
    perSession: true,
    pairedPerProvider: 'TIMEOUT',
    doc: 'How long one agent may run, in seconds, not counting time when the machine sleeps.',
  },
  stallTimeoutSeconds: {
    ...wholeNumber('seconds', 1, 86_400),
    key: 'STALL_TIMEOUT',
    default: '1200',
    perSession: true,
    doc: 'How long an agent may be silent outside a tool call: no output, no changed file, no CPU time. In seconds.',
  },
  permissions: {
    ...oneOf(PERMISSIONS),
    key: 'PERMISSIONS',
    default: 'skip',
    perSession: true,
    doc: 'skip: agents may use every tool. allow: what their phase is for, so no edit of code before implementation.',
  },
  sandbox: {
    ...oneOf(SANDBOXES),
    key: 'SANDBOX',
    default: 'auto',
    perSession: 'judged',
    risk: 'loosens',
    doc: 'A kernel sandbox for agents. auto: where it works. guard: no session starts without it. off: none.',
  },
  sandboxWrite: {
    ...absolutePaths,
    key: 'SANDBOX_WRITE',
    risk: 'loosens',
    example: 'SANDBOX_WRITE=~/.cache/builds,/srv/fixtures',
    doc: 'Paths that stay writable for agents in the sandbox.',
  },
  checks: {
    ...command,
    key: 'CHECK…',
    family: 'check',
    perSession: true,
    risk: 'runs',
    doc: 'A command that must exit 0 before done: CHECK, CHECK_LINT, …; CHECK_FAST… also after each implementation iteration.',
  },
  setup: {
    ...command,
    key: 'SETUP',
    perSession: true,
    risk: 'runs',
    example: 'SETUP=npm ci',
    doc: 'A command that runs once in a new worktree, and before the checks in a fresh clone.',
  },
  ...CHECK_SETTINGS,
  constraints: {
    ...file,
    key: 'CONSTRAINTS',
    perSession: true,
    example: 'CONSTRAINTS=docs/rules.md',
    doc: 'A file of rules that is quoted in every prompt.',
  },
  mcp: {
    ...file,
    key: 'MCP',
    perSession: true,
    risk: 'runs',
    example: 'MCP=agents.mcp.json',
    doc: 'A file with MCP servers for the agents.',
  },
  gates: {
    ...listOf(GATES, { orNone: true }),
    key: 'GATES',
    default: 'qa,plan',
    risk: 'loosens',
    doc: 'Where a session waits for you: at questions (qa), at the plan (plan), or nowhere (none).',
  },
  gateChannels: {
    ...listOf(GATE_CHANNELS, { orNone: false }),
    key: 'GATE_CHANNELS',
    default: GATE_CHANNELS.join(','),
    doc: "Channels that may open a gate; without tool, neither the parent's model nor a command outside a terminal can.",
  },
  ...LIMIT_SETTINGS,
  retryHours: {
    ...amount('hours', 0.01, 168),
    key: 'RETRY_HOURS',
    default: '12',
    doc: 'How long a session retries while the provider is overloaded or cannot be reached, before it asks you.',
  },
  maxParallel: {
    ...wholeNumber('sessions', 1, 64),
    key: 'MAX_PARALLEL',
    default: '3',
    perSession: true,
    doc: 'How many sessions of the project may run at the same time; others queue.',
  },
  notify: {
    ...oneOf(['on', 'off']),
    key: 'NOTIFY',
    scope: 'project',
    default: 'on',
    doc: 'off: nothing that happens in sessions of the project is notified of. Takes effect at once.',
  },
  branchPrefix: {
    ...branchPrefix,
    key: 'BRANCH_PREFIX',
    default: 'samocode',
    mayBeEmpty: true,
    perSession: true,
    pairedWith: 'GIT_BRANCH_PREFIX',
    doc: "The first part of every session's branch name, before a slash; BRANCH_PREFIX= means none.",
  },
});
