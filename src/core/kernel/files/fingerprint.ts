import { createHash, type Hash, hash as hashOf } from 'node:crypto';
import type { Stats } from 'node:fs';

/** The fingerprint of content: SHA-256 in hexadecimal, of all parts concatenated. */
export function fingerprint(...parts: (string | Uint8Array)[]): string {
  const [first = ''] = parts;
  // The one-shot hash is twice as fast, and a list computes three for each session.
  if (parts.length <= 1) return hashOf('sha256', first, 'hex');
  const hash = newFingerprint();
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** Whether a caller's hash, possibly abbreviated to eight characters or more, matches `hash`. */
export function isHashOf(given: string, hash: string): boolean {
  const text = given.trim().toLowerCase();
  return text.length >= 8 && hash.startsWith(text);
}

export function newFingerprint(algorithm: 'sha256' | 'sha1' = 'sha256'): Hash {
  return createHash(algorithm);
}

/** Identifies one state of a file: it changes whenever the file is written or replaced. */
export function fileIdentity(stats: Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs' | 'ctimeMs'>): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`;
}
