import * as z from 'zod';
import { systemErrorCode } from '../../kernel/errors.ts';
import { writeLightly } from '../../kernel/files/atomic-file.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import type { SessionPaths } from './paths.ts';

/** What is known about the looks at a pull request between two recorded changes. */
const Look = z.object({
  number: z.int(),
  /** The last look that saw it. */
  seenAt: z.iso.datetime().optional(),
  /** The first look that did not see it since then. */
  missedAt: z.iso.datetime().optional(),
});
export type Look = z.infer<typeof Look>;

const MAX_BYTES = 1024;

export async function readLook(
  { look }: Pick<SessionPaths, 'look'>,
  { number }: Pick<Look, 'number'>,
): Promise<Look | undefined> {
  const found = await plainJson(look, MAX_BYTES, Look);
  return found?.number === number ? found : undefined;
}

/** If it cannot be written, an older time is shown. */
export function writeLook({ look: path }: Pick<SessionPaths, 'look'>, look: Look): void {
  try {
    writeLightly(path, `${JSON.stringify(look)}\n`, 0o600);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
}
