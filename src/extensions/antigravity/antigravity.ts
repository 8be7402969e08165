import type { ChildProblem, FinalReport } from '../../core/agents/contract/events.ts';
import type {
  AgentRequest,
  ChildCommand,
  ExitReport,
  Provider,
} from '../../core/agents/contract/provider.ts';
import { classifyByFinalMessage } from '../../core/agents/reading/child-end.ts';

/**
 * Antigravity CLI. It was not tried, and its documentation and the reports of its users differ: only what they have in
 * common is used, and a setting that might not hold is refused.
 */
export const antigravity = {
  name: 'antigravity',
  title: 'Antigravity CLI',
  defaultCommand: 'agy',
  // Its login is in the system's keyring.
  state: { folder: '.gemini/antigravity-cli', parts: ['settings.json'] },
  settings: { model: '' },
  facts: {
    accounts: 'a Google account (free, AI Pro or AI Ultra), a team on Google Cloud, or an API key of Gemini',
    readOn: '2026-11-26',
    source: 'https://antigravity.google/docs/plans',
  },
  preflight: {
    install: 'curl -fsSL https://antigravity.google/cli/install.sh | bash',
    keepsLoginInKeyring: true,
    loginFix:
      'Set GEMINI_API_KEY, and "modelProvider": "gemini" in ~/.gemini/antigravity-cli/settings.json; or run `agy` once and log in, for agents without the sandbox or with SANDBOX_SOCKETS=keyring.',
  },
  variables: /^AGY_CLI_/,
  credentials: ['GEMINI_API_KEY', 'ANTIGRAVITY_API_KEY'],
  prices: {},
  // A repository can name MCP servers, which are programs, and plugins.
  needsGuard: true,
  asks: false,
  takesServers: false,
  reports: { usd: false, tokens: false },
  printsAtEnd: true,
  markers: ['ANTIGRAVITY_AGENT'],
  leftovers: ['ANTIGRAVITY_AGENT', 'ANTIGRAVITY_PROJECT_ID'],
  buildCommand,
  newReader: () => ({ readLine: (text) => [{ kind: 'said', text, isMore: true }] }),
  classifyEnd,
} as const satisfies Provider;

export const ANTIGRAVITY_PROVIDERS: readonly Provider[] = [antigravity];

/** As long as the longest TIMEOUT, by which the worker ends it. Without this, some versions end after 5 minutes. */
const NO_OWN_LIMIT = ['--print-timeout', '24h'];

function buildCommand({
  cliPath,
  sessionDir,
  permissions,
  model,
  env,
  promptPath,
}: AgentRequest): ChildCommand {
  return {
    file: cliPath,
    // With an option for the prompt, it would not read stdin.
    args: [
      ...['--add-dir', sessionDir],
      ...NO_OWN_LIMIT,
      ...(permissions === 'skip' ? ['--dangerously-skip-permissions'] : []),
      ...(model === '' ? [] : ['--model', model]),
    ],
    env: { ...env, AGY_CLI_DISABLE_AUTO_UPDATE: 'true' },
    stdinPath: promptPath,
  };
}

const LOGIN = /authentication required|not logged in/i;
/** A last line that is this message, and no sentence of a model that only begins with the same words. */
const LOGIN_LINE =
  /^(?:error: *)?(?:authentication required|(?:you are )?not logged in)(?:[.:;,].*)?$(?!\n)/im;
const SILENT =
  'It ended without an error and printed nothing. Often a usage limit (run `agy` and see /usage) or a refused tool is the cause; some versions print nothing without a terminal (update with `agy update`).';

const byExit = classifyByFinalMessage({ title: 'Antigravity CLI', setting: 'ANTIGRAVITY_PATH' });

/** Only its exit status and its plain text count: its reader finds no final message. */
function classifyEnd(final: FinalReport | undefined, exit: ExitReport): ChildProblem | undefined {
  if (final !== undefined) return byExit(final, exit);
  const { exitCode, stderrTail, stdoutTail = '' } = exit;
  const answer = stdoutTail.trim();
  const isLoginAlone = !answer.includes('\n') && LOGIN_LINE.test(answer);
  if (exitCode === 0 && answer !== '' && !isLoginAlone) return undefined;
  if (LOGIN.test(stderrTail) || LOGIN_LINE.test(answer)) return { kind: 'auth' };
  const isSilent = exitCode === 0 && stderrTail.trim() === '';
  return isSilent ? { kind: 'crashed', advice: SILENT } : byExit(undefined, exit);
}
