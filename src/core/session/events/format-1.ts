import { parseJson } from '../../kernel/parse-json.ts';
import { cut } from '../../kernel/text.ts';
import { MAX_MESSAGE_LINE } from './bodies/event-types.ts';
import { FORMAT_VERSION } from './bodies/format.ts';
import type { ControlQuestion } from './bodies/positions.ts';
import { type GivenWork, textsOf } from './bodies/session-file.ts';

type Line = { v: number; type: string } & Record<string, unknown>;

/**
 * An event of the builds shortly before the first release, as this one writes it. What earlier ones wrote, and these
 * did not, has no form here: their sessions can be read and archived.
 */
export function fromFormat1(line: Line): Line {
  const event: Line = { ...line, v: FORMAT_VERSION };
  if (event.type === 'session_created') {
    const file = parseJson(String(event.file));
    // The texts stood with the facts about them.
    return { ...event, file, given: textsOf((file ?? {}) as GivenWork) };
  }
  if (event.type === 'parked') return { ...event, asks: asksIn(event) };
  if (event.type === 'message_kept') {
    const [, line] = /^Message from the human: (.*)/.exec(String(event.flow)) ?? [];
    return { ...event, line: line && cut(line, MAX_MESSAGE_LINE) };
  }
  if (event.type !== 'merge_asked') return event;
  const { by, into } = line;
  return { ...event, type: 'finish_asked', work: { kind: 'merge', by, into } };
}

/** Each kind of question had separate fields. */
function asksIn(parked: Line): ControlQuestion[] {
  const { weakened, baseQuestion, otherFailures = [], order } = parked as Line & FormerAsks;
  return [
    ...(weakened ? [{ kind: 'weakened' as const, ...weakened }] : []),
    ...(baseQuestion ? [{ kind: 'red_base' as const, question: baseQuestion, keys: [] }] : []),
    ...otherFailures.map(({ command, question }) => ({
      kind: 'other_failure' as const,
      question,
      keys: [command],
    })),
    ...(order ? [{ kind: 'order' as const, ...order, keys: [order.key] }] : []),
  ];
}

interface FormerAsks {
  weakened?: { question: string; keys: string[] };
  baseQuestion?: string;
  otherFailures?: { command: string; question: string }[];
  order?: { question: string; round: number; key: string };
}
