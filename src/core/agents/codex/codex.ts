import { dirname, join } from 'node:path';
import * as z from 'zod';
import promptText from '../../../../workflow/provider-codex.md';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { gitDirOf, sharedDirOf } from '../../kernel/files/git-pointer.ts';
import { realFolder } from '../../kernel/files/path-stats.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import { GRANTS } from '../../kernel/phases/grants.ts';
import { PHASE_NAMES, SIGNAL_STATUSES, WAITING_FOR } from '../../kernel/phases/table.ts';
import { shellQuoted } from '../../kernel/shell-quoted.ts';
import { type AgentRequest, type ChildCommand, HOOK_TIMEOUT, type Provider } from '../contract/provider.ts';
import { classifyCodexEnd, denialWords } from './codex-end.ts';
import { askForServers, type CodexServers, codexServers, NO_EXTRAS, NO_HELPERS } from './codex-servers.ts';
import { newCodexReader, readCodexTraces } from './codex-stream.ts';
import { CLOSING_TOOLS, CODEX_TOOLS } from './codex-tools.ts';
import { CODEX_WINDOWS } from './codex-windows.ts';

const Login = z.object({ tokens: z.object({ access_token: z.string() }) });

/** Codex: `codex exec --json -`, prompt on stdin, one JSON object per line on stdout. */
export const codex = {
  name: 'codex',
  title: 'Codex',
  defaultCommand: 'codex',
  state: {
    folder: '.codex',
    variable: 'CODEX_HOME',
    // Its plugins are switched off for agents.
    parts: [
      ...['*.toml', '*.md', 'hooks.json', 'hooks', 'rules', 'memories', 'prompts', 'skills', 'agents'],
      'models_cache.json',
    ],
    account: { file: 'auth.json', at: ['tokens', 'account_id'] },
    login: {
      file: 'auth.json',
      refresh: { keys: ['refresh_token'], as: '' },
      endsAt: (login) => endOfJwt(Login.safeParse(login).data?.tokens.access_token),
      renewal: { unless: ['CODEX_API_KEY', 'CODEX_ACCESS_TOKEN'], command: renewalCommand },
    },
  },
  settings: { model: '' },
  facts: {
    accounts: 'a ChatGPT account, a key of the OpenAI API, or a model provider of your own',
    tested: { oldest: '0.169.0', newest: '0.171.0' },
    readOn: '2026-11-26',
    source: 'https://developers.openai.com/codex/auth',
  },
  preflight: {
    login: { args: ['login', 'status'], isAdvisory: true },
    sandboxArgs: ['sandbox', '--', '/bin/true'],
    install: 'npm install -g @openai/codex',
    loginFix: 'Run `codex login`; with a key or a model provider of your own no login is needed.',
  },
  hosts: ['api.openai.com', 'chatgpt.com', 'auth.openai.com'],
  variables: /^(?:OPENAI|CODEX)_/,
  settingsFiles: ['.codex/config.toml'],
  credentials: ['OPENAI_API_KEY', 'CODEX_API_KEY', 'OPENAI_BASE_URL', 'CODEX_HOME'],
  prices: {
    'gpt-5': { input: 1.25, cached: 0.125, output: 10 },
    'gpt-5-mini': { input: 0.25, cached: 0.025, output: 2 },
    'gpt-5-nano': { input: 0.05, cached: 0.005, output: 0.4 },
    'gpt-5-pro': { input: 15, cached: 15, output: 120 },
    'gpt-5.1': { input: 1.25, cached: 0.125, output: 10 },
    'gpt-5.2': { input: 1.75, cached: 0.175, output: 14 },
    'gpt-5.2-pro': { input: 21, cached: 21, output: 168 },
    'gpt-5.3': { input: 1.75, cached: 0.175, output: 14 },
    'gpt-5.4': { input: 2.5, cached: 0.25, output: 15 },
    'gpt-5.4-mini': { input: 0.75, cached: 0.075, output: 4.5 },
    'gpt-5.4-nano': { input: 0.2, cached: 0.02, output: 1.25 },
    'gpt-5.4-pro': { input: 30, cached: 30, output: 180 },
    'gpt-5.5': { input: 5, cached: 0.5, output: 30 },
    'gpt-5.5-pro': { input: 30, cached: 30, output: 180 },
    'gpt-5.6': { input: 5, cached: 0.5, output: 30 },
    'gpt-5.6-terra': { input: 2, cached: 0.2, output: 12 },
    'gpt-5.6-luna': { input: 0.2, cached: 0.02, output: 1.2 },
    'gpt-6-sol': { input: 2, cached: 0.2, output: 10 },
    'gpt-6.1-sol': { input: 2, cached: 0.1, output: 10 },
    // https://developers.openai.com/api/docs/models/gpt-6.2-sol, read on 2026-11-28.
    'gpt-6.2-sol': { input: 2, cached: 0.1, output: 10 },
    'codex-mini': { input: 1.5, cached: 0.375, output: 6 },
    o3: { input: 2, cached: 0.5, output: 8 },
    'o4-mini': { input: 1.1, cached: 0.275, output: 4.4 },
  },
  tools: CODEX_TOOLS,
  promptText,
  confinesItself: true,
  reviewer: { wordsIn: denialWords },
  markers: ['CODEX_SANDBOX', 'CODEX_SANDBOX_NETWORK_DISABLED', 'CODEX_THREAD_ID', 'CODEX_CI'],
  // A folder with links to Codex itself, at the start of PATH.
  passingFolder: /\/codex-arg0[^/]*\/?$/,
  windows: CODEX_WINDOWS,
  // Codex cancels a call after 300 s.
  client: { name: 'codex-mcp-client', byDefaultMs: 280_000, maxMs: 280_000 },
  prepare,
  buildCommand,
  newReader: newCodexReader,
  classifyEnd: classifyCodexEnd,
  readTraces: readCodexTraces,
} as const satisfies Provider;

/** Returns the end of a JSON Web Token in milliseconds since the epoch; undefined if it names none. */
function endOfJwt(token = ''): number | undefined {
  const claims = parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  const { exp } = Object(claims);
  return typeof exp === 'number' ? exp * 1000 : undefined;
}

const STANDING_RULES = [
  'You run unattended: no one watches, answers or approves. Never ask in a message; follow the prompt.',
  'Write _signal.json in the session folder as your last act. Then end with one JSON object that says the same:',
  'the keys of that signal, and null for every key that it does not have.',
].join(' ');

function buildCommand(request: AgentRequest): ChildCommand {
  const servers = codexServers(request);
  return {
    file: request.cliPath,
    args: [
      'exec',
      '--json',
      ...['-C', request.workingDir],
      ...(request.model === '' ? [] : ['--model', request.model]),
      ...permissionArgs(request),
      ...serverArgs(request, servers),
      ...CLOSING_TOOLS,
      ...(request.lacksHelperSwitch ? [] : NO_HELPERS),
      ...['-c', `developer_instructions=${toml(STANDING_RULES)}`],
      ...['--output-schema', schemaPath(request)],
      ...hookArgs(request),
      // stdin is a file, so it ends at once. With an open pipe, Codex would wait forever.
      '-',
    ],
    env: { ...request.env, ...servers.env },
    stdinPath: request.promptPath,
  };
}

/**
 * A hook of one's own, trusted by its hash alone. Codex skips it in silence if it computes the hash otherwise; its switch
 * that trusts every hook would also run those that an agent plants in the worktree, outside of Codex's sandbox.
 */
function hookArgs({ atEnd }: AgentRequest): string[] {
  const hook = {
    async: false,
    command: atEnd.map(shellQuoted).join(' '),
    timeout: HOOK_TIMEOUT,
    type: 'command',
  };
  const { async: _, ...given } = hook;
  const trusted = {
    trusted_hash: `sha256:${fingerprint(JSON.stringify({ event_name: 'stop', hooks: [hook] }))}`,
  };
  return [
    ...['-c', `hooks.Stop=[${toml({ hooks: [given] })}]`],
    ...['-c', `hooks.state=${toml({ '/<session-flags>/config.toml:stop:0:0': trusted })}`],
  ];
}

function permissionArgs(request: AgentRequest): string[] {
  const { permissions, phase, sessionDir, gitDirs = [] } = request;
  if (permissions === 'skip') return ['--dangerously-bypass-approvals-and-sandbox'];
  // In exec, nobody can be asked: the sandbox's refusals are final, or reviewed.
  if (GRANTS[phase] === 'documents' && !isPattern(sessionDir)) return onlyDocuments(request);
  const mode = permissions === 'auto' ? ['--approve-for-me'] : ['-s', 'workspace-write'];
  return [...mode, ...[sessionDir, ...gitDirs].flatMap((folder) => ['--add-dir', folder])];
}

/** Without any of the person's settings, and with a provider that uses the login. */
function renewalCommand(service: string) {
  const provider = {
    name: 'renewal',
    base_url: service,
    wire_api: 'responses',
    requires_openai_auth: true,
    request_max_retries: 0,
    stream_max_retries: 0,
  };
  const args = [
    ...['exec', '--ignore-user-config', '--ignore-rules', '--skip-git-repo-check', '--ephemeral'],
    ...['-s', 'read-only', ...NO_EXTRAS, '-c', 'features.hooks=false'],
    ...['-c', 'model_provider="renewal"', '-c', `model_providers.renewal=${toml(provider)}`],
    ...['--', 'Hello'],
  ];
  return { args };
}

const DOCUMENTS_PROFILE = 'samocode-documents';

/**
 * A sandbox mode makes either no folder writable, not even the session folder, or the working directory too; only a
 * profile can name folders. Programs that only read need temporary files as well.
 */
function onlyDocuments({ sessionDir, workingDir, mainRepo }: AgentRequest): string[] {
  const filesystem: Record<string, 'read' | 'write'> = { ':tmpdir': 'write', ':slash_tmp': 'write' };
  // Named explicitly, because they might be in the temporary folder.
  for (const folder of [mainRepo, workingDir]) if (!isPattern(folder)) filesystem[folder] = 'read';
  filesystem[sessionDir] = 'write';
  const profile = { extends: ':read-only', filesystem };
  return [
    ...['-c', `default_permissions=${toml(DOCUMENTS_PROFILE)}`],
    ...['-c', `permissions.${DOCUMENTS_PROFILE}=${toml(profile)}`],
  ];
}

/** Profiles treat these characters as a pattern, which can't be made writable. */
function isPattern(folder: string): boolean {
  return /[*?[\]]/.test(folder);
}

function serverArgs({ foreignServers }: AgentRequest, { table }: CodexServers): string[] {
  return [
    ...(foreignServers === undefined ? ['--ignore-user-config'] : []),
    ...NO_EXTRAS,
    ...(Object.keys(table).length > 0 ? ['-c', `mcp_servers=${toml(table)}`] : []),
  ];
}

async function prepare(request: AgentRequest): Promise<AgentRequest> {
  await writeWhole(schemaPath(request), `${JSON.stringify(SIGNAL_SCHEMA)}\n`);
  const { workingDir, mainRepo, permissions } = request;
  return {
    ...request,
    ...(await askForServers(request)),
    ...(permissions !== 'skip' && { gitDirs: await gitDirsOf(workingDir, mainRepo) }),
  };
}

function schemaPath({ promptPath }: AgentRequest): string {
  return join(dirname(promptPath), 'signal-schema.json');
}

/** A value as one line of TOML, whose strings are JSON strings. */
function toml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toml).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const pairs = Object.entries(value).filter(([, each]) => each !== undefined);
  return `{${pairs.map(([key, each]) => `${JSON.stringify(key)}=${toml(each)}`).join(',')}}`;
}

/**
 * The git folders that a commit in `workingDir` writes: the repository's and, in a worktree, its own; a
 * sandbox protects each, so both must be named. None if the worktree points to a repository other than
 * `mainRepo`'s: an agent might have changed that pointer.
 */
async function gitDirsOf(workingDir: string, mainRepo: string): Promise<string[]> {
  const [own, main] = await Promise.all([gitDir(workingDir), gitDir(mainRepo)]);
  const common = main && realFolder((await sharedDirOf(main)) ?? main);
  if (common === undefined || own === undefined) return [];
  if (own === common) return [common];
  return own.startsWith(`${common}/worktrees/`) ? [common, own] : [];
}

async function gitDir(checkout: string): Promise<string | undefined> {
  return realFolder((await gitDirOf(checkout)) ?? join(checkout, '.git'));
}

const textOrNull = { type: ['string', 'null'] };
const oneOf = (values: readonly string[]) => ({ type: 'string', enum: values });
const oneOfOrNull = (values: readonly string[]) => ({ type: ['string', 'null'], enum: [...values, null] });

const properties = {
  status: oneOf(SIGNAL_STATUSES),
  phase: oneOfOrNull(PHASE_NAMES),
  for: oneOfOrNull(WAITING_FOR),
  reason: textOrNull,
  needs: textOrNull,
  note: textOrNull,
  summary: textOrNull,
  file: textOrNull,
  acknowledged: { type: ['array', 'null'], items: { type: 'string' } },
};

/**
 * The signal as a strict JSON schema, as the services require it: every key required and no others; null stands for an
 * absent key.
 */
const SIGNAL_SCHEMA = {
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
};
