import type {
  ChildCommand,
  ChildProblem,
  ChildRequest,
  ExitReport,
  FinalReport,
  Provider,
} from '../../core/agents/contract/provider.ts';
import { saying } from '../../core/agents/contract/transcript.ts';
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
    loginFix:
      'Run `agy` once and log in. Agents in the sandbox cannot use a login in the keyring (docs/security.md): for them, set GEMINI_API_KEY, and "modelProvider": "gemini" in ~/.gemini/antigravity-cli/settings.json.',
  },
  variables: /^AGY_CLI_/,
  credentials: ['GEMINI_API_KEY'],
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
  newReader: () => ({ readLine: () => [] }),
  transcript: (line) => saying(line),
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
}: ChildRequest): ChildCommand {
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
const SILENT =
  'It ended without an error and printed nothing. Some versions print nothing without a terminal: update it with `agy update`.';

const withoutAnswer = classifyByFinalMessage({
  title: 'Antigravity CLI',
  setting: 'ANTIGRAVITY_PATH',
  codes: [],
  refusals: [],
});

/** It has no final message: only its exit status and an answer in plain text count. */
function classifyEnd(final: FinalReport | undefined, exit: ExitReport): ChildProblem | undefined {
  const { exitCode, stderrTail, stdoutTail = '' } = exit;
  const isSilent = stdoutTail.trim() === '';
  if (final === undefined && exitCode === 0 && !isSilent) return undefined;
  if (final === undefined && LOGIN.test(stderrTail + stdoutTail)) return { kind: 'auth' };
  const problem = withoutAnswer(final, exit);
  return final === undefined && exitCode === 0 ? { kind: 'crashed', advice: SILENT } : problem;
}
