import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import { readBoundedText } from '../../kernel/files/lines.ts';
import type { SessionView } from '../../session/folder/session-view.ts';

export interface LogTail {
  view: SessionView;
  path: string;
  lines: string[];
  isCut: boolean;
}

const MAX_BYTES = 256 * 1024;

export async function readLogTail(
  input: SessionQuestion & { lines: number },
  context: ActionContext,
): Promise<LogTail> {
  const view = await findSession(input, context);
  const path = view.paths.sessionLog;
  // Agents can write to its folder, so a pipe or a link may have replaced it.
  const reading = readBoundedText(path, { maxBytes: MAX_BYTES, keep: 'end' });
  const { text, omittedBytes } = reading.kind === 'text' ? reading : { text: '', omittedBytes: 0 };
  const lines = text.split('\n').filter((line) => line !== '');
  return {
    view,
    path,
    lines: lines.slice(-input.lines),
    isCut: omittedBytes > 0 || lines.length > input.lines,
  };
}
