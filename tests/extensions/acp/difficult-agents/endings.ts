import type { EndingKind } from '../../../../src/core/kernel/phases/ending.ts';
import type { RunnerPlan } from '../../../../src/extensions/acp/runner-plan.ts';

/** How an agent that behaves like a scenario of `agent.mjs` ends. */
export interface DifficultAgent {
  scenario: string;
  plan?: Partial<RunnerPlan>;
  /** As the worker reads it; `signalled` where the agent has written its signal, and ended well. */
  ends: EndingKind | 'signalled';
  /** Part of what a person reads, the agent's own words included. */
  says?: RegExp;
  /** Its answers to requests for permission or to calls of the client, line by line. */
  answers?: readonly string[];
  prompts?: number;
  /** Runs in `.ci/run`; the others in `npm run test:all`. */
  ci?: true;
}

const DOCUMENTS = { folders: ['{session}'], commands: '^(?:cat|ls|head|git log)(?= |$)(?!.*(?:--ou|[<>]))' };
/** Long enough for an agent that does answer, on a machine under load. */
const SHORT = { answerMs: 4000 };
const RETRIES = { retryLine: '"stream error" error="(.*)"', retryMs: 600 };
const REFUSED = 'reject_once';

export const DIFFICULT_AGENTS: readonly DifficultAgent[] = [
  { scenario: 'honest', ends: 'signalled' },
  { scenario: 'hangs in initialize', plan: SHORT, ends: 'crashed', says: /did not answer initialize/ },
  { scenario: 'hangs in session/new', plan: SHORT, ends: 'crashed', says: /did not answer session\/new/ },
  { scenario: 'speaks another version', ends: 'config', says: /version 7.* update/i },
  { scenario: 'needs a login', ends: 'auth', says: /Authentication required/ },
  {
    scenario: 'dies while it starts',
    ends: 'crashed',
    says: /exited with 3 during initialize.*SyntaxError: no such config/,
  },
  { scenario: 'dies in the prompt', ends: 'crashed', says: /exited with 9 during session\/prompt/, ci: true },
  {
    scenario: 'closes its output early',
    ends: 'crashed',
    says: /ended during session\/prompt.*lost my pipe/,
  },
  {
    scenario: 'prints rubbish',
    ends: 'crashed',
    says: /exited with 0 during initialize.*Welcome to Agent 3000/,
  },
  { scenario: 'prints rubbish between its lines', ends: 'signalled' },
  { scenario: 'answers with wrong ids', plan: SHORT, ends: 'crashed', says: /did not answer initialize/ },
  { scenario: 'forges lines of the runner', ends: 'crashed', says: /exited with 4/ },
  { scenario: 'prints a line of 5 MB', ends: 'signalled' },
  { scenario: 'leaves a process that holds its output', ends: 'signalled' },
  { scenario: 'writes through the client', ends: 'signalled', answers: ['-32601 -32601'] },
  {
    scenario: 'asks for what it may not',
    plan: { rules: DOCUMENTS },
    ends: 'signalled',
    answers: [REFUSED, REFUSED, REFUSED, REFUSED, REFUSED],
    ci: true,
  },
  {
    scenario: 'asks for what it may',
    plan: { rules: DOCUMENTS },
    ends: 'signalled',
    answers: ['allow_once', 'allow_once', 'allow_once'],
  },
  { scenario: 'offers only "always"', ends: 'signalled', answers: ['cancelled'] },
  {
    scenario: 'ends after a refusal',
    plan: { rules: DOCUMENTS },
    ends: 'signalled',
    answers: [REFUSED],
    prompts: 2,
  },
  { scenario: 'asks for ever', plan: { rules: DOCUMENTS }, ends: 'crashed', says: /asked 51 times/ },
  { scenario: 'forgets its signal', ends: 'signalled', prompts: 2, ci: true },
  { scenario: 'never writes its signal', ends: 'no_signal', prompts: 2 },
  { scenario: 'does nothing', ends: 'auth', says: /did nothing.*Authentication failed with provider x/ },
  { scenario: 'fails with an error of its service', ends: 'overloaded', says: /Rate limit reached/ },
  { scenario: 'has used up its plan', ends: 'usage_limit', says: /reached your usage limit/ },
  {
    scenario: 'retries in silence',
    plan: RETRIES,
    ends: 'overloaded',
    says: /did nothing but retry.*Rate limit reached/,
    ci: true,
  },
  { scenario: 'retries, and goes on', plan: RETRIES, ends: 'signalled' },
  { scenario: 'is refused by its model', ends: 'refused' },
  { scenario: 'stops for want of tokens', ends: 'crashed', says: /max_tokens/ },
  { scenario: 'has models', plan: { model: 'mine/one' }, ends: 'signalled' },
  {
    scenario: 'has models',
    plan: { model: 'mine/two' },
    ends: 'config',
    says: /no model mine\/two.*hosted\/free, mine\/one/,
  },
  {
    scenario: 'has models',
    plan: { refusedDefault: '^hosted/' },
    ends: 'config',
    says: /No model is named.*hosted\/free.*mine\/one/,
  },
  { scenario: 'honest', plan: { model: 'mine/one' }, ends: 'config', says: /no model mine\/one/ },
  {
    scenario: 'honest',
    plan: { command: ['/nowhere/agent'] },
    ends: 'config',
    says: /could not be started.*ENOENT/,
  },
];
