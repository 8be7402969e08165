import type {
  AgentRequest,
  Price,
  StateFolder,
  ToolTable,
  VendorFacts,
} from '../../core/agents/contract/provider.ts';
import { commandWords } from '../../core/kernel/command-words.ts';
import { COPILOT_TOOLS, copilotTools, OPENCODE_TOOLS, openCodeTools } from './acp-tools.ts';
import type { RunnerPlan } from './runner-plan.ts';

/** The differences between agents that speak the Agent Client Protocol. To add an agent, add a row below. */
export interface AcpAgent {
  name: string;
  title: string;
  command: string;
  args(request: AgentRequest): readonly string[];
  env?(request: AgentRequest): Readonly<Record<string, string>>;
  /** Absent for an agent without a known vendor. */
  facts?: VendorFacts;
  install: string;
  loginFix: string;
  state?: StateFolder;
  hosts?: readonly string[];
  variables?: RegExp;
  settingsFiles?: readonly string[];
  credentials?: readonly string[];
  /** Absent: it offers what it offers by default. */
  tools?: ToolTable;
  /** Environment variables that the agent sets for the commands it runs. */
  markers?: readonly string[];
  prices?: Readonly<Record<string, Price>>;
  /** The scope of the usage in the answer to a prompt; absent: its numbers cannot be added up. */
  usage?: 'of the prompt' | 'of the session';
  /** Its input tokens include those read from a cache. */
  countsCached?: true;
  /** It reports the cost of the session in US dollars. */
  cost?: true;
  /** It can be made to ask before it does what PERMISSIONS=allow refuses. */
  asks?: true;
  /** Deviations from the runner's defaults. */
  plan?: Partial<Pick<RunnerPlan, 'modelIsPassed' | 'refusedDefault' | 'retryLine'>>;
}

/** Keys of the model services that are read by agents without their own service. */
const MODEL_KEYS =
  /^(?:ANTHROPIC|OPENAI|OPENROUTER|GEMINI|GOOGLE_API|GOOGLE_GENERATIVE_AI_API|GROQ|MISTRAL|DEEPSEEK|XAI|CEREBRAS|TOGETHER|DASHSCOPE|MOONSHOT|ZAI)_\w+$/;

function orModelKeys(own: RegExp): RegExp {
  return new RegExp(`${own.source}|${MODEL_KEYS.source}`);
}

const UNTESTED = { credentials: [], loginFix: 'Start it once in a terminal and log in.' } as const;

export const ACP_AGENTS = [
  {
    name: 'opencode',
    title: 'opencode',
    command: 'opencode',
    // opencode retries endlessly and reports it only in this log.
    args: () => ['acp', '--print-logs', '--log-level', 'WARN'],
    env: (request) => ({
      OPENCODE_CONFIG_CONTENT: JSON.stringify(openCodeConfig(request)),
      OPENCODE_DISABLE_PROJECT_CONFIG: '1',
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
    }),
    asks: true,
    tools: OPENCODE_TOOLS,
    facts: {
      accounts: 'a key or an account of any model service that it offers, or of opencode',
      tested: { oldest: '1.18.33', newest: '1.18.33' },
      readOn: '2026-11-26',
      source: 'https://opencode.ai/v1/docs/providers.md',
    },
    install: 'npm install -g opencode-ai',
    loginFix: 'Run `opencode auth login`, or name a provider in ~/.config/opencode/opencode.json.',
    state: {
      folder: '.local/share/opencode',
      parts: [],
      beside: ['.config/opencode'],
      login: {
        file: 'auth.json',
        refresh: { keys: ['refresh'], as: '' },
        // The token of GitHub that its short-lived ones are made from.
        lasting: ['github-copilot', 'github-copilot-enterprise'],
      },
    },
    hosts: ['opencode.ai', 'models.opencode.ai', 'registry.npmjs.org'],
    variables: orModelKeys(/^OPENCODE_/),
    settingsFiles: ['.config/opencode/opencode.json', '.config/opencode/opencode.jsonc'],
    credentials: ['OPENCODE_API_KEY'],
    markers: ['OPENCODE', 'OPENCODE_PID'],
    cost: true,
    plan: {
      refusedDefault: '^opencode/',
      // A small model only generates a title: work continues without one.
      retryLine: '"stream error".* small=false .*error\\.error="(.*)"',
    },
  },
  {
    name: 'copilot',
    title: 'GitHub Copilot CLI',
    command: 'copilot',
    args: ({ permissions, sessionDir, model, mcp }) => [
      ...['--acp', '--stdio', copilotTools(mcp)],
      ...(permissions === 'skip' ? ['--allow-all'] : ['--add-dir', sessionDir]),
      // With a model that the user configured, the protocol offers no choice.
      ...(model === '' ? [] : ['--model', model]),
    ],
    env: () => ({ COPILOT_AUTO_UPDATE: 'false' }),
    asks: true,
    tools: COPILOT_TOOLS,
    facts: {
      accounts:
        "any GitHub Copilot plan (an organization has to enable the CLI), or a model service's key without an account of GitHub",
      tested: { oldest: '1.0.102', newest: '1.0.102' },
      readOn: '2026-11-26',
      source:
        'https://docs.github.com/en/copilot/how-tos/copilot-cli/set-up-copilot-cli/authenticate-copilot-cli',
    },
    install: 'npm install -g @github/copilot',
    loginFix:
      'Run `copilot login`, set COPILOT_GITHUB_TOKEN, or name a model with COPILOT_PROVIDER_BASE_URL.',
    state: {
      folder: '.copilot',
      variable: 'COPILOT_HOME',
      // config.json contains the login, a token without an end, if there is no keyring.
      parts: [
        ...['config.json', 'settings.json', 'mcp-config.json', 'lsp-config.json', 'permissions-config.json'],
        ...['*.md', 'instructions', 'agents', 'skills', 'hooks', 'installed-plugins'],
      ],
    },
    hosts: ['api.github.com', 'github.com', '*.githubcopilot.com'],
    variables: /^(?:COPILOT_|GH_TOKEN$|GITHUB_TOKEN$)/,
    credentials: [
      ...['COPILOT_GITHUB_TOKEN', 'GH_TOKEN', 'GITHUB_TOKEN', 'COPILOT_HOME'],
      ...['COPILOT_PROVIDER_BASE_URL', 'COPILOT_PROVIDER_API_KEY'],
    ],
    markers: ['COPILOT_CLI', 'COPILOT_AGENT_SESSION_ID'],
    usage: 'of the session',
    countsCached: true,
    plan: { modelIsPassed: true },
  },
  {
    ...UNTESTED,
    name: 'cursor',
    title: 'Cursor CLI',
    command: 'cursor-agent',
    args: () => ['acp'],
    facts: {
      accounts: 'a Cursor account, or an API key of that account',
      readOn: '2026-11-26',
      source: 'https://cursor.com/docs/cli/reference/authentication',
    },
    install: 'curl https://cursor.com/install -fsS | bash',
    state: {
      folder: '.config/cursor',
      parts: ['*.json'],
      beside: [
        'cli-config.json',
        'mcp.json',
        'hooks.json',
        'hooks',
        'rules',
        'commands',
        'skills',
        'agents',
      ].map((name) => `.cursor/${name}`),
      login: { file: 'auth.json', refresh: { keys: ['refreshToken'] } },
    },
    variables: /^CURSOR_/,
    credentials: ['CURSOR_API_KEY'],
    markers: ['CURSOR_AGENT'],
  },
  {
    ...UNTESTED,
    name: 'goose',
    title: 'Goose',
    command: 'goose',
    args: () => ['acp'],
    facts: {
      accounts: 'a key or an account of any model service that it offers',
      readOn: '2026-11-26',
      source: 'https://block.github.io/goose/docs/getting-started/providers',
    },
    install: 'see https://block.github.io/goose',
    state: { folder: '.local/share/goose', parts: [], beside: ['.config/goose'] },
    variables: orModelKeys(/^GOOSE_/),
    settingsFiles: ['.config/goose/config.yaml'],
    markers: ['GOOSE_TERMINAL'],
  },
  {
    ...UNTESTED,
    name: 'qwen',
    title: 'Qwen Code',
    command: 'qwen',
    args: ({ sessionDir }) => ['--acp', '--include-directories', sessionDir],
    facts: {
      accounts: 'a plan or a key of Alibaba ModelStudio, or a key of another model service',
      refused: 'the free Qwen OAuth login, since 2026-04-15',
      readOn: '2026-11-26',
      source: 'https://qwenlm.github.io/qwen-code-docs/en/users/configuration/auth',
    },
    install: 'npm install -g @qwen-code/qwen-code',
    state: {
      folder: '.qwen',
      parts: [
        'settings.json',
        '.env',
        '*.md',
        'trustedFolders.json',
        'extensions',
        'commands',
        'skills',
        'agents',
      ],
      login: { file: 'oauth_creds.json', refresh: { keys: ['refresh_token'] } },
    },
    variables: orModelKeys(/^QWEN_/),
    settingsFiles: ['.qwen/settings.json', '.qwen/.env'],
    markers: ['QWEN_CODE'],
  },
  {
    ...UNTESTED,
    name: 'kiro',
    title: 'Kiro CLI',
    command: 'kiro-cli',
    args: () => ['acp'],
    facts: {
      accounts: 'an account of GitHub, Google, AWS Builder ID or an organization, or a Kiro API key',
      readOn: '2026-11-26',
      source: 'https://kiro.dev/docs/getting-started/authentication',
    },
    install: 'see https://kiro.dev/docs/cli',
    state: {
      folder: '.local/share/kiro-cli',
      parts: [],
      beside: ['.kiro'],
      openBecause: 'its login is in a database',
    },
    variables: /^KIRO_/,
  },
  {
    ...UNTESTED,
    name: 'acp',
    title: 'the agent of ACP_COMMAND',
    command: '',
    args: ({ agentCommand = '' }) => commandWords(agentCommand).slice(1),
    install: "see its vendor's page",
    variables: MODEL_KEYS,
  },
] as const satisfies readonly AcpAgent[];

/**
 * By default opencode permits everything in the working directory without asking, and asks about the rest.
 * This configuration takes precedence over the user's own, which can name models, servers and keys.
 */
function openCodeConfig({ permissions, sessionDir, mcp }: AgentRequest): object {
  const usually = permissions === 'skip' ? 'allow' : 'ask';
  const inSession = Object.fromEntries([sessionDir, `${sessionDir}/**`].map((path) => [path, 'allow']));
  return {
    autoupdate: false,
    share: 'disabled',
    tools: openCodeTools(mcp),
    permission: {
      edit: usually,
      bash: usually,
      webfetch: 'allow',
      question: 'deny',
      external_directory: permissions === 'skip' ? 'allow' : { '*': 'ask', ...inSession },
    },
    // Without this, a refusal ends the turn.
    experimental: { continue_loop_on_deny: true },
  };
}
