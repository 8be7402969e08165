import { open } from 'node:fs/promises';
import { ifExists } from '../base/errors.ts';
import type { SessionView } from '../session/status.ts';
import type { ActionContext } from './context.ts';
import { findSession, type SessionQuestion } from './find-session.ts';

export interface LogTail {
  view: SessionView;
  path: string;
  /** The last whole lines of `session.log`, oldest first. */
  lines: string[];
  /** Earlier lines were left out. */
  isCut: boolean;
}

const MAX_BYTES = 256 * 1024;

/** The end of what the worker did, as `session.log` has it. @throws SessionNotFoundError */
export async function readLogTail(
  input: SessionQuestion & { lines: number },
  context: ActionContext,
): Promise<LogTail> {
  const view = await findSession(input, context);
  const path = view.paths.sessionLog;
  const { text, isWhole } = await readEnd(path);
  const all = text.split('\n').filter((line) => line !== '');
  const whole = isWhole ? all : all.slice(1);
  return { view, path, lines: whole.slice(-input.lines), isCut: !isWhole || whole.length > input.lines };
}

async function readEnd(path: string): Promise<{ text: string; isWhole: boolean }> {
  const handle = await ifExists(open(path, 'r'));
  if (handle === undefined) return { text: '', isWhole: true };
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.min(size, MAX_BYTES));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, size - bytes.length);
    return { text: bytes.toString('utf8', 0, bytesRead), isWhole: size <= MAX_BYTES };
  } finally {
    await handle.close();
  }
}
