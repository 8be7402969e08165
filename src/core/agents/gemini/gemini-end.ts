import type { ChildProblem, FinalReport } from '../contract/events.ts';
import type { ExitReport } from '../contract/provider.ts';
import { classifyByFinalMessage } from '../reading/child-end.ts';
import { GEMINI_ACCOUNTS } from './gemini-accounts.ts';

const ACCOUNTS_ADVICE = `Gemini CLI takes ${GEMINI_ACCOUNTS}.`;
const LOGIN_ADVICE =
  'Gemini CLI has no login that works without a person: start `gemini` once, or set GEMINI_API_KEY; with a base ' +
  `URL of your own, set security.auth.selectedType in ~/.gemini/settings.json. ${ACCOUNTS_ADVICE}`;

/** The login was accepted, and then refused as that of an individual. By the reports of users: it was not recorded. */
const INDIVIDUAL = /IneligibleTierError|no longer supported for Gemini Code Assist for individuals/;

/** Gemini CLI's own exit statuses. An HTTP status is cut to its low 8 bits: 401 is 145, 500 is 244. */
const OWN_CODES: Readonly<Record<number, ChildProblem>> = {
  41: { kind: 'auth', advice: LOGIN_ADVICE },
  44: {
    kind: 'config',
    advice: 'The sandbox that the settings of Gemini CLI ask for needs docker or podman.',
  },
  52: { kind: 'config', advice: 'Gemini CLI refused its settings: see ~/.gemini/settings.json.' },
  55: {
    kind: 'config',
    advice: 'Gemini CLI does not trust the worktree, although samocode asked it to: update it.',
  },
};

const TURN_LIMIT = 53;
const byRefusal = classifyByFinalMessage({
  title: 'Gemini CLI',
  setting: 'GEMINI_PATH',
  codes: [1],
  refusals: [
    {
      line: /^(?:Unknown arguments?:|Invalid values:)/m,
      advice: 'This Gemini CLI does not know an option that samocode needs. Update it.',
    },
  ],
});

/** The texts of API errors that make a status more specific; first match wins. */
const API_ERRORS: ReadonlyArray<{ message: RegExp; problem: ChildProblem }> = [
  {
    message: /exhausted your (?:daily quota|capacity on this model\W{1,3}your quota will reset)/i,
    problem: { kind: 'usage_limit' },
  },
  {
    message: /^\[API Error: models\/\S+ is not found/,
    problem: { kind: 'config', advice: 'Check that MODEL (or GEMINI_MODEL) names a model of this account.' },
  },
  {
    message: /^\[API Error: .*(?:fetch failed|ECONNREFUSED|ECONNRESET|ETIMEDOUT)/,
    problem: { kind: 'network' },
  },
  { message: /API key not valid/, problem: { kind: 'auth', advice: LOGIN_ADVICE } },
];

/** Classifies the failure of a turn from its `result` line; the HTTP status appears only in the exit status. */
export function problemOfResult(message: string): ChildProblem | undefined {
  return API_ERRORS.find((error) => error.message.test(message))?.problem;
}

/**
 * Classifies the end of a gemini process without a valid signal. Exit status 0 also occurs after SIGTERM, without a
 * final message: only a successful `result` is a regular end.
 */
export function classifyGeminiEnd(
  final: FinalReport | undefined,
  exit: ExitReport,
): ChildProblem | undefined {
  if (final?.ok || exit.exitCode === TURN_LIMIT) return undefined;
  if (INDIVIDUAL.test(exit.stderrTail)) return { kind: 'auth', advice: ACCOUNTS_ADVICE };
  // Without a `result` line only stderr has the text, whatever the exit status says.
  const limit = API_ERRORS.find(
    ({ message, problem }) => problem.kind === 'usage_limit' && message.test(exit.stderrTail),
  );
  return final?.problem ?? limit?.problem ?? byExit(exit);
}

function byExit(exit: ExitReport): ChildProblem | undefined {
  const { exitCode } = exit;
  const own = OWN_CODES[exitCode ?? 0];
  if (own) return own;
  const status = STATUSES.find((each) => (each & 255) === exitCode);
  if (status === undefined) return byRefusal(undefined, exit);
  if (status === 401 || status === 403) return { kind: 'auth', advice: LOGIN_ADVICE };
  return { kind: status === 400 || status === 404 ? 'config' : 'overloaded' };
}

const STATUSES = [400, 401, 403, 404, 408, 429, 500, 502, 503, 504];
