import * as z from 'zod';
import promptText from '../../../../workflow/provider-claude.md';
import { GRANTS } from '../../kernel/phases/grants.ts';
import {
  ACCEPTED_STARTS_WITHIN_MS,
  type AgentRequest,
  type ChildCommand,
  type Provider,
} from '../contract/provider.ts';
import { classifyByFinalMessage, type StartRefusal } from '../reading/child-end.ts';
import { childHooks } from './claude-hooks.ts';
import { newClaudeReader } from './claude-stream.ts';
import { CLAUDE_TOOLS, READING_TOOLS } from './claude-tools.ts';
import { CLAUDE_WINDOWS } from './claude-windows.ts';

const MARKERS = ['CLAUDECODE', 'CLAUDE_CODE_ENTRYPOINT', 'CLAUDE_CODE_SESSION_ID'] as const;

const REFUSALS: readonly StartRefusal[] = [
  {
    line: /^--dangerously-skip-permissions cannot be used with root/m,
    advice:
      'Claude Code does not skip permissions for root. Run samocode as another user, or set PERMISSIONS=allow, or, ' +
      'when this machine is a sandbox that may be lost, set IS_SANDBOX=1 in the environment yourself.',
  },
  {
    line: /^error: unknown option/m,
    advice: 'This Claude Code does not know an option that samocode needs. Update it with: claude update.',
  },
  {
    line: /^error: option '[^']+' argument .* is invalid/m,
    advice: 'Claude Code refused the value of an option. Check MODEL and CLAUDE_MAX_TURNS, and its version.',
  },
  {
    line: /^--agent '.*' not found/m,
    advice:
      'Claude Code does not find the agent that samocode named. Check the settings in its own settings file.',
  },
  {
    line: /^Error: (?:Settings file not found|Invalid MCP configuration|Invalid settings)/m,
    advice: 'Claude Code cannot read its settings. Fix the settings file that the .stderr log names.',
  },
  {
    line: /requires --verbose$/m,
    advice: 'This Claude Code reads its options differently. Update it with: claude update.',
  },
];

const OTHER_ACCOUNTS = [
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_AUTH_TOKEN',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'CLAUDE_CODE_USE_BEDROCK',
  'CLAUDE_CODE_USE_VERTEX',
];

const Login = z.object({ claudeAiOauth: z.object({ expiresAt: z.number() }) });

/** Claude Code: `claude -p`, prompt on stdin, one JSON object per line on stdout. */
export const claude = {
  name: 'claude',
  title: 'Claude Code',
  defaultCommand: 'claude',
  installFolders: ['.claude/local'],
  starters: ['.local/share/claude'],
  state: {
    folder: '.claude',
    variable: 'CLAUDE_CONFIG_DIR',
    // A folder that the variable names contains that file too.
    parts: [
      ...['settings*.json', 'remote-settings.json', 'policy-limits.json', '.claude.json', '*.md'],
      ...['hooks', 'commands', 'agents', 'skills', 'rules', 'output-styles', 'workflows', 'scripts'],
      'plugins/*.json',
    ],
    shown: ['plugins/cache', 'plugins/marketplaces', 'plugins/repos'],
    beside: ['.claude.json'],
    account: { file: '.claude.json', at: ['oauthAccount', 'accountUuid'] },
    login: {
      file: '.credentials.json',
      // The others are logins for the person's servers and devices.
      keep: ['claudeAiOauth'],
      refresh: { keys: ['refreshToken'], as: '' },
      endsAt: (login) => Login.safeParse(login).data?.claudeAiOauth.expiresAt,
      renewal: { unless: OTHER_ACCOUNTS, command: renewalCommand },
    },
  },
  loginFiles: {
    settings: 'settings.json',
    env: 'env',
    commands: ['apiKeyHelper', 'awsAuthRefresh', 'awsCredentialExport'],
    services: [
      {
        variable: 'CLAUDE_CODE_USE_BEDROCK',
        folders: ['.aws'],
        named: ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_WEB_IDENTITY_TOKEN_FILE'],
      },
      {
        variable: 'CLAUDE_CODE_USE_VERTEX',
        folders: ['.config/gcloud'],
        named: ['GOOGLE_APPLICATION_CREDENTIALS'],
      },
    ],
  },
  settings: {
    model: 'opus',
    own: {
      CLAUDE_MAX_TURNS: {
        unit: 'turns',
        min: 1,
        max: 100_000,
        default: '300',
        doc: 'How many turns a Claude Code agent may take.',
      },
    },
  },
  facts: {
    accounts:
      'a Claude plan (Pro, Max, Team or Enterprise), a key of the Claude Console, or Amazon Bedrock, Google Vertex AI or Microsoft Foundry',
    tested: { oldest: '2.1.197', newest: '2.1.332' },
    readOn: '2026-11-26',
    source: 'https://code.claude.com/docs/en/authentication',
  },
  preflight: {
    login: { args: ['auth', 'status'] },
    install: 'npm install -g @anthropic-ai/claude-code',
    loginFix: 'Run `claude` once and log in, or set ANTHROPIC_API_KEY.',
  },
  hosts: ['api.anthropic.com', 'platform.claude.com', 'claude.ai', 'console.anthropic.com'],
  variables: /^(?:ANTHROPIC|CLAUDE_CODE|DISABLE|API_TIMEOUT|BASH|MCP)_|^(?:CLAUDE_CONFIG_DIR|IS_SANDBOX)$/,
  settingsFiles: ['.claude/settings.json', '.claude/settings.local.json'],
  clouds: {
    CLAUDE_CODE_USE_BEDROCK: /^AWS_/,
    CLAUDE_CODE_USE_VERTEX: /^(?:GOOGLE|GCLOUD|CLOUDSDK)_/,
    CLAUDE_CODE_USE_FOUNDRY: /^AZURE_/,
  },
  credentials: [
    'ANTHROPIC_API_KEY',
    'ANTHROPIC_AUTH_TOKEN',
    'ANTHROPIC_BASE_URL',
    'CLAUDE_CODE_OAUTH_TOKEN',
    'CLAUDE_CODE_USE_BEDROCK',
    'CLAUDE_CODE_USE_VERTEX',
    'CLAUDE_CONFIG_DIR',
  ],
  // For agents that were ended before Claude Code reported their cost.
  prices: {
    'claude-fable': { input: 10, cached: 1, output: 50 },
    'claude-opus': { input: 5, cached: 0.5, output: 25 },
    'claude-opus-4-1': { input: 15, cached: 1.5, output: 75 },
    'claude-sonnet': { input: 3, cached: 0.3, output: 15 },
    'claude-haiku': { input: 1, cached: 0.1, output: 5 },
  },
  tools: CLAUDE_TOOLS,
  promptText,
  refusesRoot: true,
  reviewer: { mode: 'auto', service: 'ANTHROPIC_BASE_URL' },
  markers: MARKERS,
  leftovers: [
    ...MARKERS,
    'CLAUDE_CODE_CHILD_NOTES_DIR',
    'CLAUDE_CODE_CHILD_SESSION',
    'CLAUDE_CODE_EXECPATH',
    'CLAUDE_CODE_LAUNCHED_BY_SESSION_IDS',
    'CLAUDE_CODE_MESSAGING_SOCKET',
    'CLAUDE_CODE_MESSAGING_TOKEN',
    'CLAUDE_CODE_SESSION_ATTENDED',
    'CLAUDE_EFFORT',
    'CLAUDE_PID',
    'CLAUDE_PLUGIN_DATA',
    'CLAUDE_PLUGIN_ROOT',
    'CLAUDE_PROJECT_DIR',
    'COREPACK_ENABLE_AUTO_PIN',
    'NoDefaultCurrentDirectoryInExePath',
  ],
  windows: CLAUDE_WINDOWS,
  // After 120 s, it moves a call into the background, and the result then starts a new turn.
  client: { name: 'claude-code', byDefaultMs: 110_000, maxMs: 1_800_000, choosesByArrows: true },
  buildCommand,
  newReader: newClaudeReader,
  classifyEnd: classifyByFinalMessage({
    title: 'Claude Code',
    setting: 'CLAUDE_PATH',
    refusals: REFUSALS,
    codes: [1],
  }),
} as const satisfies Provider;

const NO_SERVERS = '{"mcpServers":{}}';

// Without this limit, an unanswered connection blocks the agent until the worker's own limit.
const API_TIMEOUT_MS = 300_000;

// The default of ten minutes would cut off a long test suite, which cannot continue in the background here.
const BASH_MAX_TIMEOUT_MS = 1_800_000;

function buildCommand(request: AgentRequest): ChildCommand {
  return {
    file: request.cliPath,
    args: [
      '-p',
      ...['--output-format', 'stream-json', '--verbose'],
      ...['--session-id', request.childUuid],
      ...(request.model === '' ? [] : ['--model', request.model]),
      ...['--max-turns', String(request.own.CLAUDE_MAX_TURNS)],
      ...(request.budgetUsd === undefined ? [] : ['--max-budget-usd', request.budgetUsd.toFixed(4)]),
      ...permissionArgs(request),
      ...['--tools', CLAUDE_TOOLS.offered[GRANTS[request.phase]].join(',')],
      ...['--add-dir', request.sessionDir],
      ...['--settings', JSON.stringify(settings(request))],
      // With the user's servers, which include ours, an agent could act on sessions.
      ...['--strict-mcp-config', '--mcp-config', ...serverConfigs(request.mcp)],
    ],
    env: {
      API_TIMEOUT_MS: String(API_TIMEOUT_MS),
      BASH_MAX_TIMEOUT_MS: String(BASH_MAX_TIMEOUT_MS),
      ...(request.mcp?.accepted && { MCP_TIMEOUT: String(ACCEPTED_STARTS_WITHIN_MS) }),
      ...request.env,
      // With background tasks, the process might never exit after its final message.
      CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1',
      DISABLE_AUTOUPDATER: '1',
      // The memory belongs to the user's chats, and all worktrees of a repository share it.
      CLAUDE_CODE_DISABLE_AUTO_MEMORY: '1',
    },
    stdinPath: request.promptPath,
  };
}

/** Without any of the person's settings, which can name hooks and another service. */
function renewalCommand(service: string) {
  return {
    args: [
      ...['-p', '--model', 'haiku', '--tools=', '--setting-sources=', '--strict-mcp-config'],
      ...['--no-session-persistence', '--disable-slash-commands', '--', 'Hello'],
    ],
    env: {
      ANTHROPIC_BASE_URL: service,
      CLAUDE_CODE_MAX_RETRIES: '0',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
    },
  };
}

/** The project's file is passed unchanged: the CLI understands its own extensions. */
function serverConfigs(mcp: AgentRequest['mcp']): string[] {
  const configs = [
    ...(mcp?.configPath === undefined ? [] : [mcp.configPath]),
    ...(mcp?.accepted === undefined ? [] : [JSON.stringify({ mcpServers: mcp.accepted })]),
  ];
  return configs.length > 0 ? configs : [NO_SERVERS];
}

function settings(request: AgentRequest) {
  // Chats of the same user can send to the socket that every Claude Code opens.
  const always = { hooks: childHooks(request), crossSessionInbound: 'refuse' };
  const { permissions, phase, sessionDir, workingDir } = request;
  if (permissions !== 'allow' || GRANTS[phase] === 'work') return always;
  // Rules for Edit cover every writing tool. Deny rules take precedence, whatever the user's settings allow.
  return { ...always, permissions: { allow: [editsBelow(sessionDir)], deny: [editsBelow(workingDir)] } };
}

/** Absolute paths start with two slashes; the path is a gitignore pattern inside the parentheses of a rule. */
function editsBelow(folder: string): string {
  const pattern = folder.replaceAll(/[\\*?[\]]/g, '\\$&');
  return `Edit(/${pattern.replaceAll(/[\\()]/g, '\\$&')}/**)`;
}

/** What an agent does with git all the time; none of it reaches a remote. */
const UNREVIEWED = ['add', 'commit', 'status', 'diff', 'log', 'show', 'mv', 'rm', 'restore'];

/** A rule cannot name a command with one of these signs as it stands: the command is reviewed each time. */
function isExact(command: string): boolean {
  return !/[*()\\,\n]/.test(command);
}

/** Tools that are offered but not allowed are denied at once, because no person can be asked. */
function permissionArgs({ permissions, phase, mcp, commands = [] }: AgentRequest): string[] {
  if (permissions === 'skip') return ['--dangerously-skip-permissions'];
  if (permissions === 'auto') {
    // In this mode, a rule for all commands is ignored.
    const rules = [...UNREVIEWED.map((name) => `git ${name}:*`), ...commands.filter(isExact)];
    return ['--permission-mode', 'auto', '--allowedTools', rules.map((rule) => `Bash(${rule})`).join(',')];
  }
  // Read-only commands need no entry: Claude Code knows them, with their options. A skill can bring its own permissions.
  const own = GRANTS[phase] === 'work' ? CLAUDE_TOOLS.offered.work : READING_TOOLS;
  const allowed = [...own, ...toolsOf(mcp)];
  return ['--permission-mode', 'dontAsk', '--allowedTools', allowed.join(',')];
}

// Allows all tools of each server; Claude Code refuses a wildcard for all servers.
function toolsOf(mcp: AgentRequest['mcp']): string[] {
  return (mcp?.serverNames ?? []).map((name) => `mcp__${name.replaceAll(/[^\w-]/g, '_')}`);
}
