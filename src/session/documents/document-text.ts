import { fingerprint } from '../../base/files/fingerprint.ts';
import { decode, readPlainFile } from '../../base/files/plain-file.ts';
import { MAX_DOCUMENT_BYTES } from '../layout/paths.ts';

/** The text of a file of a session that anybody may have replaced by anything; undefined when it is no plain file. */
export async function documentText(path: string, maxBytes = MAX_DOCUMENT_BYTES): Promise<string | undefined> {
  const reading = await readPlainFile(path, maxBytes);
  return reading.kind === 'bytes' ? decode(reading.bytes) : undefined;
}

/** The fingerprint of such a text, as events hold it. */
export async function documentFingerprint(path: string): Promise<string | undefined> {
  const text = await documentText(path);
  return text === undefined ? undefined : fingerprint(text);
}
