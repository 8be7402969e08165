import type { ChildProblem } from '../../core/agents/contract/events.ts';
import type { RunnerEnd, RunnerLine } from './runner-plan.ts';

export interface Ending {
  /** Absent: an ordinary end. */
  problem?: ChildProblem;
  text?: string;
}

/** Error texts of services, as agents pass them on: the protocol has no codes for them. First match wins. */
const TEXTS: ReadonlyArray<{ text: RegExp; kind: ChildProblem['kind'] }> = [
  // The next iteration begins with an empty context.
  { text: /too large to compact|context.?(?:length|window|overflow)/i, kind: 'crashed' },
  { text: /usage limit|quota|credits? (?:exhausted|balance)/i, kind: 'usage_limit' },
  { text: /rate.?limit|too many requests|overloaded|high demand|\b(?:429|5\d\d)\b/i, kind: 'overloaded' },
  { text: /ECONN|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|fetch failed|unable to connect/i, kind: 'network' },
  { text: /authenticat|unauthorized|api key|log ?in\b|\b40[13]\b/i, kind: 'auth' },
];

const ORDINARY: ReadonlySet<string> = new Set(['end_turn', 'max_turn_requests']);

/** Classifies the runner's last line and quotes the agent. @param said the agent's last message */
export function endingOf(
  { end, words = '' }: Pick<Extract<RunnerLine, { samocode: 'end' }>, 'end' | 'words'>,
  said: string,
): Ending {
  const quoted = words && ` Its last words: ${words}`;
  switch (end.kind) {
    case 'stopped':
      return stopped(end, said);
    case 'error': {
      const isLogin = end.at === 'session/new' && end.code === AUTH_REQUIRED;
      const kind = isLogin ? 'auth' : kindOf(end.message);
      const isEarly = kind === 'crashed' && end.at !== 'session/prompt';
      return { problem: { kind: isEarly ? 'config' : kind }, text: `${end.at}: ${end.message}` };
    }
    case 'gone': {
      const how = end.code === null ? 'It ended' : `It exited with ${end.code}`;
      return { problem: { kind: 'crashed' }, text: `${how} during ${end.at}.${quoted}` };
    }
    case 'not_started':
      return { problem: { kind: 'config' }, text: `It could not be started: ${end.message}` };
    case 'silent':
      return { problem: { kind: 'crashed' }, text: `It did not answer ${end.at}.${quoted}` };
    case 'version':
      return {
        problem: { kind: 'config', advice: OTHER_VERSION },
        text: `It speaks version ${end.version}.`,
      };
    case 'model':
      return wrongModel(end);
    case 'retrying':
      return { problem: { kind: retriedKind(end.why) }, text: `It did nothing but retry: ${end.why}` };
    case 'asking':
      return { problem: { kind: 'crashed' }, text: `It asked ${end.count} times for what is refused.` };
    default:
      return end satisfies never;
  }
}

/** The only error code of the protocol that agents use. */
const AUTH_REQUIRED = -32000;
const OTHER_VERSION =
  'samocode speaks version 1 of the Agent Client Protocol: update the agent, or samocode.';
const MAX_MODELS = 20;

function stopped({ reason, worked }: Extract<RunnerEnd, { kind: 'stopped' }>, said: string): Ending {
  const text = said.slice(0, 300);
  if (reason === 'refusal') return { problem: { kind: 'refused' }, text };
  if (!ORDINARY.has(reason))
    return { problem: { kind: 'crashed' }, text: `It stopped: ${String(reason).slice(0, 40)}. ${text}` };
  // A failed login also looks like this.
  return worked ? { text } : { problem: { kind: kindOf(text) }, text: `It did nothing. ${text}` };
}

function wrongModel({ model, models, isDefault }: Extract<RunnerEnd, { kind: 'model' }>): Ending {
  const why = isDefault
    ? `No model is named, and its default, ${model}, is a free one of its vendor, who may keep your code.`
    : `It has no model ${model}.`;
  const more = models.length > MAX_MODELS ? ', …' : '';
  const offered = models.length > 0 ? ` It offers: ${models.slice(0, MAX_MODELS).join(', ')}${more}.` : '';
  return { problem: { kind: 'config', advice: 'Set MODEL to one of its models.' }, text: `${why}${offered}` };
}

/** Retried errors are temporary: an unknown text counts as one from an overloaded service. */
function retriedKind(why: string): ChildProblem['kind'] {
  const kind = kindOf(why);
  return kind === 'usage_limit' || kind === 'network' ? kind : 'overloaded';
}

function kindOf(text: string): ChildProblem['kind'] {
  return TEXTS.find((each) => each.text.test(text))?.kind ?? 'crashed';
}
