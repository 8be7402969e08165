import { join } from 'node:path';
import { namesAt } from '../../kernel/files/path-stats.ts';
import { cut } from '../../kernel/text.ts';
import { CHAT_SECTION, chatSection } from '../../session/documents/chat-section.ts';
import { documentText, parseDocumentName, sortNewestFirst } from '../../session/documents/documents.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';
import { gateOf } from '../../session/folder/read-session.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { dateOf } from '../../session/layout/names.ts';

const MAX_CHARS = 4000;

/** A person must not take the silence of the agent for a chat in which nothing was decided. */
const NOT_WRITTEN = `The agent wrote no section "${CHAT_SECTION}".`;

/**
 * What the newest dive took from the chat that the session carries on, as long as it waits at its first gate: no person
 * has decided anything in it yet.
 */
export async function fromChat(view: SessionView): Promise<string | undefined> {
  const { sessionFile, state, paths, folder } = view;
  const isFirst = state.goal === undefined && !state.answers.some(({ by }) => isPersonsAnswer(by));
  if (sessionFile?.chat === undefined || !isFirst || gateOf(view) === undefined) return undefined;
  const dives = (namesAt(paths.sessionDir) ?? []).filter((name) => parseDocumentName(name)?.kind === 'dive');
  const [newest] = sortNewestFirst(dives, dateOf(folder));
  const text = newest && (await documentText(join(paths.sessionDir, newest)));
  const section = text && chatSection(text);
  return section ? cut(section, MAX_CHARS) : NOT_WRITTEN;
}

/** Not of the settings, nor chosen before the question was asked. */
function isPersonsAnswer({ channel, atStart }: By): boolean {
  return channel !== 'settings' && atStart !== true;
}
