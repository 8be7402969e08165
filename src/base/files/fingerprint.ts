import { createHash, type Hash, hash as hashOf } from 'node:crypto';
import type { Stats } from 'node:fs';

/** The fingerprint of content: SHA-256 in hexadecimal. Several parts count as one behind the other. */
export function fingerprint(...parts: (string | Uint8Array)[]): string {
  const [first = ''] = parts;
  // Half the work of a hash that takes pieces, and a list makes three for each session.
  if (parts.length <= 1) return hashOf('sha256', first, 'hex');
  const hash = newFingerprint();
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** A fingerprint of what comes piece by piece. */
export function newFingerprint(): Hash {
  return createHash('sha256');
}

/** Names one state of a file: once anything has been written to it or was put in its place, it is another. */
export function fileIdentity(stats: Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs' | 'ctimeMs'>): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`;
}
