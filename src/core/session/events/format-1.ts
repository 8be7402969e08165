import { parseJson } from '../../kernel/parse-json.ts';
import { FORMAT_VERSION } from './bodies/format.ts';
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
  if (event.type !== 'merge_asked') return event;
  const { by, into } = line;
  return { ...event, type: 'finish_asked', work: { kind: 'merge', by, into } };
}
