import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import type * as z from 'zod';
import { systemErrorCode } from '../errors.ts';
import { parseJson } from '../parse-json.ts';
import { fileIdentity } from './fingerprint.ts';

export type PlainFileReading =
  | { kind: 'bytes'; bytes: Buffer; identity: string }
  | { kind: 'missing' }
  /** A link, folder, pipe or huge file where a plain file should be. */
  | { kind: 'unusable'; problem: string };

export type NotRead = Exclude<PlainFileReading, { kind: 'bytes' }>;

const READ_ON_BYTES = 64 * 1024;

/**
 * Reads a file that may come from an untrusted writer: never follows a link, never waits for a pipe, never reads more
 * than `maxBytes`.
 */
export async function readPlainFile(path: string, maxBytes: number): Promise<PlainFileReading> {
  return withPlainFile(path, (descriptor, stats) => readOpened(descriptor, stats, maxBytes));
}

/** Reads an entire open file, as it was when `stats` were taken or later. */
export function readOpened(descriptor: number, stats: Stats, maxBytes: number): PlainFileReading {
  const tooLarge = { kind: 'unusable', problem: `too large, more than ${maxBytes} bytes` } as const;
  if (stats.size > maxBytes) return tooLarge;
  const bytes = readUpTo(descriptor, stats.size, maxBytes);
  return bytes === undefined ? tooLarge : { kind: 'bytes', bytes, identity: fileIdentity(stats) };
}

/** UTF-8 if the bytes are valid; otherwise one character per byte, so that none is lost. */
export function decode(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}

/** Some programs of Windows write UTF-16, with a mark at the beginning. */
export function utf16Of(bytes: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  const mark = bytes.subarray(0, 2).toString('hex');
  return mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : undefined;
}

/** The text of a plain file of at most `maxBytes`; undefined if there is no readable one. */
export async function plainText(path: string, maxBytes: number): Promise<string | undefined> {
  const reading = await readPlainFile(path, maxBytes);
  return reading.kind === 'bytes' ? reading.bytes.toString('utf8') : undefined;
}

/** One bound for all JSON files: the largest, caches of a state, stay far below it. */
const MAX_JSON_BYTES = 64 * 1024 * 1024;

/** The JSON in a plain file; undefined if there is no readable one, or it does not match the schema. */
export async function plainJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  return schema.safeParse(parseJson((await plainText(path, MAX_JSON_BYTES)) ?? '')).data;
}

/**
 * Opens a plain file for the duration of `read`; never waits for a pipe, never follows a link. Synchronous: promises
 * would make each small file ten times as expensive.
 */
export function withPlainFile<T>(
  path: string | Buffer,
  read: (descriptor: number, stats: Stats) => T,
): T | NotRead {
  const opened = openPlainFile(path);
  if (opened.kind !== 'opened') return opened;
  try {
    return read(opened.descriptor, opened.stats);
  } finally {
    closeSync(opened.descriptor);
  }
}

/** Like `withPlainFile`, but the caller closes the descriptor. */
export function openPlainFile(
  path: string | Buffer,
): { kind: 'opened'; descriptor: number; stats: Stats } | NotRead {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | SAFE_FLAGS);
    const stats = fstatSync(descriptor);
    if (stats.isFile()) return { kind: 'opened', descriptor, stats };
    closeSync(descriptor);
    return NOT_PLAIN;
  } catch (error) {
    return notOpened(error);
  }
}

// Without O_NONBLOCK, opening a pipe without a writer would hang.
const SAFE_FLAGS = constants.O_NOFOLLOW | constants.O_NONBLOCK;

const NOT_PLAIN = { kind: 'unusable', problem: 'not a plain file' } as const;

/**
 * Returns the reason why a file could not be opened, if the error says what is at the path.
 * @throws any other error
 */
function notOpened(error: unknown): NotRead {
  const code = systemErrorCode(error) ?? '';
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing' };
  if (['ELOOP', 'EMLINK', 'EISDIR', 'ENXIO'].includes(code)) return NOT_PLAIN;
  throw error;
}

// Another process may be writing: the read stays bounded, however fast the file grows.
function readUpTo(descriptor: number, size: number, maxBytes: number): Buffer | undefined {
  const parts: Buffer[] = [];
  let total = 0;
  for (let piece = size + 1; ; piece = READ_ON_BYTES) {
    const bytes = Buffer.allocUnsafe(Math.min(piece, maxBytes - total + 1));
    const bytesRead = readSync(descriptor, bytes, 0, bytes.length, total);
    parts.push(bytes.subarray(0, bytesRead));
    total += bytesRead;
    if (total > maxBytes) return undefined;
    // A short read means the end only beyond the initial size: some file systems return pieces.
    if (bytesRead === 0 || (bytesRead < bytes.length && total >= size))
      return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }
}
