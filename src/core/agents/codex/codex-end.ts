import type { ChildProblem } from '../contract/events.ts';
import { classifyByFinalMessage, type StartRefusal } from '../reading/child-end.ts';

interface Failure {
  /** The start of `turn.failed`'s message: Codex gives neither status nor code. */
  message: RegExp;
  problem: ChildProblem | undefined;
}

const MODEL_ADVICE = 'Check that MODEL (or CODEX_MODEL) names a model that your Codex login may use.';

/** First match wins. */
const FAILURES: readonly Failure[] = [
  { message: /^You.ve hit your usage limit\b/i, problem: { kind: 'usage_limit' } },
  { message: /^unexpected status 40[13]\b/, problem: { kind: 'auth' } },
  { message: /^Your access token could not be refreshed\b/, problem: { kind: 'auth' } },
  { message: /^exceeded retry limit, last status: 40[13]\b/, problem: { kind: 'auth' } },
  { message: /^exceeded retry limit, last status: (?:429|5\d\d)\b/, problem: { kind: 'overloaded' } },
  { message: /^unexpected status (?:429|5\d\d)\b/, problem: { kind: 'overloaded' } },
  { message: /^rate limit exceeded:/, problem: { kind: 'overloaded' } },
  { message: /^We.re currently experiencing high demand\b/, problem: { kind: 'overloaded' } },
  { message: /^Selected model is at capacity\b/, problem: { kind: 'overloaded' } },
  {
    message: /^Quota exceeded\b/,
    problem: { kind: 'budget', advice: 'The account behind Codex has no credit left: see its billing page.' },
  },
  {
    message: /^To use Codex with your ChatGPT plan\b/,
    problem: { kind: 'budget', advice: 'The ChatGPT plan of this login does not include Codex.' },
  },
  { message: /^The model `[^`]*` does not exist\b/, problem: { kind: 'config', advice: MODEL_ADVICE } },
  {
    message: /^Missing environment variable\b/,
    problem: {
      kind: 'config',
      advice: "Codex's model provider takes its key from a variable that the worker does not have.",
    },
  },
  // A raw answer of the service: status 400, which a retry would get again.
  { message: /^\{"error":/, problem: { kind: 'config', advice: MODEL_ADVICE } },
  { message: /Incomplete response returned, reason: content_filter\b/, problem: { kind: 'refused' } },
  { message: /^Incomplete response returned\b/, problem: { kind: 'crashed' } },
  { message: /^stream disconnected before completion\b/, problem: { kind: 'network' } },
];

export function problemOfTurn(message: string): ChildProblem {
  return FAILURES.find((failure) => failure.message.test(message))?.problem ?? { kind: 'crashed' };
}

export const BROKEN_SANDBOX: ChildProblem = {
  kind: 'config',
  advice:
    'The sandbox of Codex (bwrap) does not work here, so every command of the agent failed. Set PERMISSIONS=skip, ' +
    'or allow user namespaces; `codex sandbox -- /bin/true` shows whether it works.',
};

const REFUSALS: readonly StartRefusal[] = [
  {
    line: /^error: unexpected argument/m,
    advice: 'This Codex does not know an option that samocode needs. Update it.',
  },
  {
    line: /^error: invalid value/m,
    advice: 'Codex refused the value of an option. Check MODEL and its version.',
  },
  {
    line: /^Error loading config\.toml:/m,
    advice: 'Codex cannot read its settings: fix the config.toml that the .stderr log names.',
  },
  {
    line: /required MCP servers failed to initialize/m,
    advice: 'An MCP server that the settings require does not start.',
  },
  {
    line: /^Not inside a trusted directory/m,
    advice: 'Codex needs a git repository; the worktree is missing or broken.',
  },
];

export const classifyCodexEnd = classifyByFinalMessage({
  title: 'Codex',
  setting: 'CODEX_PATH',
  refusals: REFUSALS,
  codes: [1, 2],
});

/** Without the advice to the model that follows. */
const REJECTED = /Rejected\(\\"(.*?)(?:\\\\nDo not bypass|\\"\))/g;

/** The reasons of the reviewer, which Codex prints nowhere else. */
export function denialWords(stderrTail: string): string[] {
  return [...stderrTail.matchAll(REJECTED)].map(([, words = '']) => words.replaceAll('\\\\n', ' '));
}
