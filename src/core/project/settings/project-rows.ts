import { allProviders, providerNames } from '../../agents/registry.ts';
import { once } from '../../kernel/once.ts';
import { GATE_CHANNELS, PERSONAL } from '../../kernel/phases/channels.ts';
import { PERMISSIONS } from '../../kernel/phases/grants.ts';
import { CHECK_PLACES } from '../../kernel/phases/proving.ts';
import { GATES } from '../../kernel/phases/table.ts';
import { SANDBOX_MEANS, SANDBOXES, SOCKETS } from '../../kernel/sandbox-level.ts';
import { APPLICATION_SETTINGS } from './application-settings.ts';
import { PACKAGE_HOSTS } from './sandbox-hosts.ts';
import {
  absolutePaths,
  amount,
  command,
  commandWith,
  file,
  folder,
  homePaths,
  hostList,
  listOf,
  namesOfPeople,
  namesOfVariables,
  oneOf,
  ports,
  relativePaths,
  text,
  wholeNumber,
} from './setting-kinds.ts';
import { inScope, type SettingSpec } from './setting-spec.ts';
import { SPENDING_SETTINGS } from './spending-settings.ts';

const YES_NO = ['no', 'yes'] as const;

// No leading dash, so that no program mistakes a model or branch for an option.
export const modelName = text(
  "a model's name without spaces, 200 characters at most",
  /^[^\s\p{Cc}-][^\s\p{Cc}]{0,199}$/u,
);
const accounts = text(
  'names of accounts, separated by commas',
  /^[\p{L}\p{N}_.-]+(?:\[bot\])?(?:\s*,\s*[\p{L}\p{N}_.-]+(?:\[bot\])?)*$/u,
);
const label = text('the name of a label, 50 characters at most', /^[^\p{Cc},"\\]{1,50}$/u);
const branchPrefix = text(
  'the first part of a branch name: letters, digits, and . _ - / between them',
  /^(?!.*(?:\.\.|\/\/|\/\.|\.lock(?:\/|$)))[\p{L}\p{N}](?:[\p{L}\p{N}._/-]*[\p{L}\p{N}_-])?$/u,
);

const CHECK_SETTINGS = {
  checkIn: {
    ...oneOf(CHECK_PLACES),
    key: 'CHECK_IN',
    scope: 'project',
    default: 'clone',
    risk: 'loosens',
    doc: "Where checks run. clone: a fresh clone of the branch. worktree: the agent's folder, uncommitted files included.",
  },
  checkCopy: {
    ...relativePaths,
    key: 'CHECK_COPY',
    scope: 'project',
    example: 'CHECK_COPY=.env.test,fixtures/local',
    doc: 'Ignored files and folders that checks need: copied from MAIN_REPO into the fresh clone.',
  },
  checkHome: {
    ...homePaths,
    key: 'CHECK_HOME',
    scope: 'project',
    risk: 'loosens',
    example: 'CHECK_HOME=.m2/settings.xml,.cache/ms-playwright',
    doc: 'Parts of your home folder that checks in a clone can read, in addition to programs; the rest is hidden.',
  },
  checkTimeoutSeconds: {
    ...wholeNumber('seconds', 1, 86_400),
    key: 'CHECK_TIMEOUT',
    scope: 'project',
    default: '1800',
    doc: 'How long one check, or SETUP before it, may run. In seconds.',
  },
  checkFiles: {
    ...commandWith('{files}'),
    key: 'CHECK_FILES',
    scope: 'project',
    risk: 'runs',
    example: 'CHECK_FILES=npx vitest run {files}',
    doc: 'Runs given test files: those that a session adds run once on the base, and those that pass there are reported.',
  },
} as const satisfies Record<string, SettingSpec>;

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: a table, which is made once the providers are known
export const projectSettings = once(() =>
  inScope('project', {
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
      ...oneOf(providerNames()),
      key: 'PROVIDER',
      default: 'claude',
      perSession: true,
      pairedWith: 'SAMOCODE_PROVIDER',
      doc: 'The agent CLI that does the work; docs/agents.md says who may log in to which.',
    },
    providerByPhase: {
      ...oneOf(providerNames()),
      key: 'PROVIDER_<PHASE>',
      family: 'phase',
      perSession: true,
      doc: 'Another agent CLI for one phase: PROVIDER_QUALITY=codex.',
    },
    fallback: {
      ...listOf(providerNames(), { orNone: true }),
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
    acpCommand: {
      ...command,
      key: 'ACP_COMMAND',
      risk: 'runs',
      example: 'ACP_COMMAND=my-agent acp',
      doc: 'For PROVIDER=acp: the command that starts an agent of the Agent Client Protocol. It is not run by a shell.',
    },
    acpAsks: {
      ...oneOf(YES_NO),
      key: 'ACP_ASKS',
      default: 'no',
      risk: 'loosens',
      doc: 'yes: the agent asks before it acts, so PERMISSIONS=allow works for it, although samocode has not tested that.',
    },
    acpWithoutGuard: {
      ...oneOf(YES_NO),
      key: 'ACP_WITHOUT_GUARD',
      default: 'no',
      risk: 'loosens',
      doc: 'yes: agents for which a repository can name programs may start without the sandbox.',
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
      doc: "skip: every tool. allow: what the phase needs. auto: as allow for documents; the vendor's reviewer judges work.",
    },
    gatewayReviewed: {
      ...oneOf(YES_NO),
      key: 'GATEWAY_REVIEWED',
      default: 'no',
      risk: 'loosens',
      doc: "yes: the service in ANTHROPIC_BASE_URL passes on what Claude Code's reviewer asks, so PERMISSIONS=auto works.",
    },
    sandbox: {
      ...oneOf(SANDBOXES),
      key: 'SANDBOX',
      default: 'auto',
      perSession: 'judged',
      risk: 'loosens',
      doc: `The kernel sandbox of agents. ${SANDBOXES.map((each) => `${each}: ${SANDBOX_MEANS[each]}.`).join(' ')}`,
    },
    sandboxWrite: {
      ...absolutePaths,
      key: 'SANDBOX_WRITE',
      risk: 'loosens',
      example: 'SANDBOX_WRITE=~/.cache/builds,/srv/fixtures',
      doc: 'Further paths that agents may write in the sandbox.',
    },
    sandboxSockets: {
      ...listOf(SOCKETS, { orNone: false }),
      key: 'SANDBOX_SOCKETS',
      risk: 'loosens',
      example: 'SANDBOX_SOCKETS=docker',
      doc: 'Services that agents in the sandbox may use. Each of them can act outside of it.',
    },
    sandboxRead: {
      ...absolutePaths,
      key: 'SANDBOX_READ',
      risk: 'loosens',
      example: 'SANDBOX_READ=~/.m2/settings.xml,/srv/fixtures',
      doc: 'Further paths that agents and checks may read in the sandbox.',
    },
    sandboxHosts: {
      ...hostList([...PACKAGE_HOSTS, ...allProviders().flatMap(({ hosts = [] }) => hosts)]),
      key: 'SANDBOX_HOSTS',
      risk: 'loosens',
      example: 'SANDBOX_HOSTS=packages,docs.example.com,*.example.org',
      doc: 'For SANDBOX=strict: hosts that agents and checks may reach besides the service of their CLI.',
    },
    sandboxEnv: {
      ...namesOfVariables,
      key: 'SANDBOX_ENV',
      risk: 'loosens',
      example: 'SANDBOX_ENV=DATABASE_URL,NPM_TOKEN',
      doc: 'Variables that enter the sandbox although named like a secret; in strict, any further variable.',
    },
    sandboxPorts: {
      ...ports,
      key: 'SANDBOX_PORTS',
      risk: 'loosens',
      example: 'SANDBOX_PORTS=5432',
      doc: 'For SANDBOX=strict: ports of this machine, such as a database for tests, under the same number.',
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
    ...APPLICATION_SETTINGS,
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
      ...listOf(GATE_CHANNELS, { orNone: false, short: { person: PERSONAL } }),
      key: 'GATE_CHANNELS',
      default: GATE_CHANNELS.join(','),
      doc: "Channels that may open a gate. person: no model and no program can. Without tool, the parent's model cannot do it alone.",
    },
    gatePeople: {
      ...namesOfPeople,
      key: 'GATE_PEOPLE',
      example: 'GATE_PEOPLE=anna,ben',
      doc: 'People and machines of a pool whose acts on other machines may open a gate; default: all that are trusted.',
    },
    ...SPENDING_SETTINGS,
    retryHours: {
      ...amount('hours', 0.01, 168),
      key: 'RETRY_HOURS',
      default: '12',
      doc: 'How long a session retries while the provider is overloaded or unreachable, before it asks you.',
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
      doc: 'off: no notifications about sessions of this project. Takes effect at once.',
    },
    prWatch: {
      ...oneOf(['off', 'on']),
      key: 'PR_WATCH',
      scope: 'project',
      default: 'off',
      risk: 'loosens',
      doc: 'on: a pull request opened by finish is watched until it is merged or closed. Needs the guard; agents get no GitHub login.',
    },
    prRounds: {
      ...wholeNumber('rounds', 0, 50),
      key: 'PR_ROUNDS',
      scope: 'project',
      default: '3',
      risk: 'loosens',
      doc: 'How many rounds a watched pull request may start without asking you. Takes effect at once.',
    },
    prTrust: {
      ...accounts,
      key: 'PR_TRUST',
      scope: 'project',
      risk: 'loosens',
      example: 'PR_TRUST=coderabbitai[bot]',
      doc: 'Accounts without write access, mostly review bots, whose comments may start a round; separated by commas.',
    },
    intakeLabel: {
      ...label,
      key: 'INTAKE_LABEL',
      scope: 'project',
      risk: 'loosens',
      example: 'INTAKE_LABEL=samocode',
      doc: 'An issue that gets this label from a person with write access starts a session. Needs guard, MAX_COST_USD, both gates.',
    },
    poolDays: {
      ...wholeNumber('days', 1, 3650),
      key: 'POOL_DAYS',
      scope: 'project',
      default: '14',
      doc: 'After how many days an archived, merged, discarded or done session leaves its pool. In days.',
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
  }),
);
