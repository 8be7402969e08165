import { createHash } from 'node:crypto';
import { decode, readPlainFile } from '../base/plain-file.ts';
import { MAX_DOCUMENT_BYTES } from './paths.ts';

/** The text of a file of a session that anybody may have replaced by anything; undefined when it is no plain file. */
export async function documentText(path: string, maxBytes = MAX_DOCUMENT_BYTES): Promise<string | undefined> {
  const reading = await readPlainFile(path, maxBytes);
  return reading.kind === 'bytes' ? decode(reading.bytes) : undefined;
}

/** The fingerprint of such a text, as events hold it. */
export function hashOf(text: string): string;
export function hashOf(text: string | undefined): string | undefined;
export function hashOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : createHash('sha256').update(text).digest('hex');
}
