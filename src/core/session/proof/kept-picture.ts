import { dirname, join, sep } from 'node:path';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { readPlainFile } from '../../kernel/files/plain-file.ts';
import type { Picture } from '../events/bodies/pictures.ts';
import type { SessionPaths } from '../layout/paths.ts';

/** The bytes of a recorded picture; undefined if its file is missing, too large, elsewhere, or has changed since. */
export async function keptPicture(
  { pictures }: Pick<SessionPaths, 'pictures'>,
  { file, hash }: Pick<Picture, 'file' | 'hash'>,
  maxBytes: number,
): Promise<Buffer | undefined> {
  const path = join(dirname(pictures), file);
  if (!path.startsWith(`${pictures}${sep}`)) return undefined;
  const reading = await readPlainFile(path, maxBytes);
  return reading.kind === 'bytes' && fingerprint(reading.bytes) === hash ? reading.bytes : undefined;
}
