import { join } from 'node:path';
import { namesAt } from '../../kernel/files/path-stats.ts';
import { cut } from '../../kernel/text.ts';
import type { By } from '../events/bodies/who-acted.ts';
import type { SessionView } from '../events/session-view.ts';
import { dateOf } from '../layout/names.ts';
import { gateOf } from '../status.ts';
import { documentText, parseDocumentName, sortNewestFirst } from './documents.ts';
import { parseMarkdown, sectionNamed } from './markdown-lines.ts';

/** The section of a dive with what its agent took from the chat that the session carries on. */
export const CHAT_SECTION = 'From the chat';
const MAX_CHARS = 4000;

/** That section, as long as the session waits at its first gate: no person has decided anything in it yet. */
export async function fromChat(view: SessionView): Promise<string | undefined> {
  const { sessionFile, state, paths, folder } = view;
  const isFirst = state.goal === undefined && !state.answers.some(({ by }) => isPersonsAnswer(by));
  if (sessionFile?.chat === undefined || !isFirst || gateOf(view) === undefined) return undefined;
  const dives = (namesAt(paths.sessionDir) ?? []).filter((name) => parseDocumentName(name)?.kind === 'dive');
  const [newest] = sortNewestFirst(dives, dateOf(folder));
  const text = newest && (await documentText(join(paths.sessionDir, newest)));
  const doc = parseMarkdown(text ?? '');
  const section = sectionNamed(doc, CHAT_SECTION);
  const lines = section && doc.lines.slice(section.start, section.end);
  return (lines && cut(lines.join('').trim(), MAX_CHARS)) || undefined;
}

/** Not of the settings, nor chosen before the question was asked. */
function isPersonsAnswer({ channel, atStart }: By): boolean {
  return channel !== 'settings' && atStart !== true;
}
