import { dirname, join } from 'node:path';
import * as z from 'zod';
import promptText from '../../../../workflow/provider-gemini.md';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import type { TokenCounts } from '../contract/events.ts';
import type { AgentRequest, ChildCommand, Provider, TraceQuestion, Traces } from '../contract/provider.ts';
import { objectIn } from '../reading/activity.ts';
import { linesOfLog } from '../reading/cli-log.ts';
import { addTokens, apartFromCache } from '../reading/tally.ts';
import { GEMINI_ACCOUNTS } from './gemini-accounts.ts';
import { classifyGeminiEnd } from './gemini-end.ts';
import { geminiPolicy } from './gemini-policy.ts';
import { newGeminiReader } from './gemini-stream.ts';

/** Gemini CLI: headless with its prompt on stdin, one JSON object per line on stdout. */
export const gemini = {
  name: 'gemini',
  title: 'Gemini CLI',
  defaultCommand: 'gemini',
  state: {
    folder: '.gemini',
    homeVariable: 'GEMINI_CLI_HOME',
    parts: [
      ...['settings.json', '.env', '*.md', 'trustedFolders.json', 'google_accounts.json', 'installation_id'],
      ...['gemini-credentials.json', 'policies', 'extensions', 'commands', 'skills', 'agents', 'hooks'],
    ],
    // Google does not replace a refresh token when it is used, and an access token lasts only an hour.
    login: { file: 'oauth_creds.json', refresh: { keys: [] } },
  },
  loginFiles: {
    settings: 'settings.json',
    env: 'env',
    commands: [],
    services: [
      {
        variable: 'GOOGLE_GENAI_USE_VERTEXAI',
        folders: ['.config/gcloud'],
        named: ['GOOGLE_APPLICATION_CREDENTIALS'],
      },
    ],
  },
  settings: { model: '' },
  facts: {
    accounts: GEMINI_ACCOUNTS,
    refused: 'free, AI Pro and AI Ultra accounts, since 2026-06-18',
    tested: { oldest: '0.61.0', newest: '0.61.0' },
    readOn: '2026-11-26',
    source: 'https://github.com/google-gemini/gemini-cli/discussions/28017',
  },
  preflight: {
    loginTraces: {
      env: ['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GOOGLE_GENAI_USE_VERTEXAI', 'GOOGLE_GENAI_USE_GCA'],
      homeVariable: 'GEMINI_CLI_HOME',
      files: ['.gemini/oauth_creds.json'],
      settings: { file: '.gemini/settings.json', at: ['security', 'auth', 'selectedType'] },
    },
    install: 'npm install -g @google/gemini-cli',
    loginFix: `Set GEMINI_API_KEY, or run \`gemini\` once and log in. It takes ${GEMINI_ACCOUNTS}.`,
  },
  hosts: [
    'generativelanguage.googleapis.com',
    'cloudcode-pa.googleapis.com',
    'oauth2.googleapis.com',
    'aiplatform.googleapis.com',
  ],
  variables: /^(?:GEMINI|GOOGLE)_/,
  settingsFiles: ['.gemini/settings.json', '.gemini/.env'],
  credentials: [
    'GEMINI_API_KEY',
    'GOOGLE_API_KEY',
    'GOOGLE_GENAI_USE_VERTEXAI',
    'GOOGLE_CLOUD_PROJECT',
    'GOOGLE_GEMINI_BASE_URL',
    'GEMINI_CLI_HOME',
  ],
  prices: {
    'gemini-2.5-pro': { input: 1.25, cached: 0.31, output: 10 },
    'gemini-2.5-flash': { input: 0.3, cached: 0.075, output: 2.5 },
    'gemini-2.5-flash-lite': { input: 0.1, cached: 0.025, output: 0.4 },
    'gemini-3-pro': { input: 2, cached: 0.2, output: 12 },
    'gemini-3.1-pro': { input: 2, cached: 0.2, output: 12 },
    'gemini-3.5-flash': { input: 1.5, cached: 0.15, output: 9 },
  },
  promptText,
  markers: ['GEMINI_CLI'],
  leftovers: ['GEMINI_CLI', 'GEMINI_CLI_NO_RELAUNCH'],
  // As an MCP client, Gemini CLI cancels a call after 600 s.
  client: { name: 'gemini-cli-mcp-client', byDefaultMs: 540_000, maxMs: 540_000 },
  prepare,
  buildCommand,
  newReader: newGeminiReader,
  readTraces: readGeminiTraces,
  classifyEnd: classifyGeminiEnd,
} as const satisfies Provider;

// Matches no server; needed because the list of allowed servers can't be empty.
const NO_SERVER = 'none-for-children-of-samocode';

function buildCommand(request: AgentRequest): ChildCommand {
  const { model, childUuid, sessionDir, mcp, env } = request;
  const servers = mcp?.serverNames ?? [];
  return {
    file: request.cliPath,
    args: [
      ...['--output-format', 'stream-json'],
      ...['--session-id', childUuid],
      ...(model === '' ? [] : ['--model', model]),
      ...(request.permissions === 'skip' ? ['--approval-mode', 'yolo'] : ['--policy', policyPath(request)]),
      // The CLI's write tools refuse every other folder, whatever the approval mode.
      ...['--include-directories', sessionDir],
      ...(servers.length > 0 ? servers : [NO_SERVER]).flatMap((name) => ['--allowed-mcp-server-names', name]),
    ],
    env: {
      ...env,
      // One process instead of two: a parent that relaunches itself ignores SIGTERM.
      GEMINI_CLI_NO_RELAUNCH: 'true',
      // The CLI has never seen this worktree, and nobody is there to confirm that it is trusted.
      GEMINI_CLI_TRUST_WORKSPACE: 'true',
      ...(servers.length > 0 && { GEMINI_CLI_SYSTEM_DEFAULTS_PATH: defaultsPath(request) }),
    },
    stdinPath: request.promptPath,
  };
}

async function prepare(request: AgentRequest): Promise<AgentRequest> {
  const { permissions, mcp } = request;
  if (permissions === 'allow') await writeWhole(policyPath(request), geminiPolicy(request));
  if (mcp) {
    const defaults = { mcpServers: mcp.servers };
    await writeWhole(defaultsPath(request), `${JSON.stringify(defaults)}\n`);
  }
  return request;
}

function policyPath({ promptPath }: AgentRequest): string {
  return join(dirname(promptPath), 'gemini-policy.toml');
}

function defaultsPath({ promptPath }: AgentRequest): string {
  return join(dirname(promptPath), 'gemini-settings.json');
}

const count = z.number().nonnegative().catch(0);

/** One answer of the model in a chat log. */
const Answer = z.object({
  id: z.string(),
  type: z.literal('gemini'),
  model: z.string().optional().catch(undefined),
  tokens: z.object({ input: count, output: count, cached: count, thoughts: count }),
});

/**
 * Usage from the chat log (`~/.gemini/tmp/<project>/chats/session-<time>-<start of the session's id>.jsonl`), updated
 * after every answer: all that is known about a process that was ended early.
 */
export async function readGeminiTraces({
  cliSession,
  folder,
}: Pick<TraceQuestion, 'cliSession' | 'folder'>): Promise<Traces> {
  const lines = await linesOfLog(join(folder, 'tmp'), `-${cliSession.slice(0, 8)}.jsonl`, /"gemini"/);
  const answers = lines.flatMap((line) => Answer.safeParse(objectIn(line)).data ?? []);
  // An answer is repeated with the results of its tool calls.
  const spent = new Map(answers.map(({ id, tokens }) => [id, modelTokens(tokens)]));
  return {
    model: answers.findLast(({ model }) => model !== undefined)?.model,
    ...(spent.size > 0 && { tokens: [...spent.values()].reduce(addTokens) }),
  };
}

/** Thoughts are billed as output. */
function modelTokens({ thoughts, ...reported }: z.infer<typeof Answer>['tokens']): TokenCounts {
  return apartFromCache({ ...reported, output: reported.output + thoughts });
}
