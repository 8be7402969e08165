import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync } from 'node:fs';
import { systemClock } from '../clock.ts';
import { openForAppend, putAside } from './append-lines.ts';
import { createWhole, replaceWhole, writeFully } from './atomic-file.ts';
import { fileIdentity } from './fingerprint.ts';
import { statsAt } from './look-at.ts';
import { decode, openPlainFile, type PlainFileReading, readOpened } from './plain-file.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_TRIES = 20;
/** An editor that empties a file fills it again within that time. */
const REST_MS = 20;
/** Whoever opens a file to write to it has written by then. */
const LINGER_MS = 250;
const LF = 0x0a;

type Change = (text: string | undefined) => string;

interface ChangeOptions {
  /** A file that is larger is moved aside. */
  maxBytes?: number;
  /** Learns of what was there and could not be read, and where that is now, unless it held nothing of its own. */
  onUnusable?: (problem: string, aside: string | undefined) => void;
}

/** A file that another one of ours took the place of: somebody may still have it open. */
interface Replaced {
  path: string;
  descriptor: number;
  /** What it held when it was last looked at, and what stands in its place because of that. */
  seen: Buffer;
  changed: string;
  change: Change;
  isBeingTaken: boolean;
}

const lingering = new Set<Replaced>();

/**
 * Changes a text file that people and children edit too. `change` gets the text (undefined when there is
 * no plain file) and gives the new one; if the file was edited in between, it is asked again with the
 * newer text. Bytes that `change` leaves alone stay, also when they are not UTF-8. What is written into the file
 * that was replaced, by somebody who had it open, is taken over; until that can't come any more, the process lives.
 * @returns the text that now stands there
 */
export async function changeFile(path: string, change: Change, options: ChangeOptions = {}): Promise<string> {
  for (const replaced of lingering) if (replaced.path === path) await takeLateEdit(replaced);
  for (let attempt = 1; ; attempt += 1) {
    const text = await tryToChange(path, { change, mustReplace: attempt === MAX_TRIES, ...options });
    if (text !== undefined) return text;
  }
}

/** @returns undefined when the file was edited meanwhile; never with `mustReplace` */
async function tryToChange(path: string, replacing: Replacing): Promise<string | undefined> {
  const { change, maxBytes = MAX_BYTES } = replacing;
  const opened = openPlainFile(path);
  if (opened.kind !== 'opened') return await replace(path, opened, replacing);
  const { descriptor, stats } = opened;
  let replaced: Replaced | undefined;
  try {
    const reading = readOpened(descriptor, stats, maxBytes);
    const changed = await replace(path, reading, { ...replacing, mode: stats.mode & 0o777 });
    if (changed === undefined || reading.kind !== 'bytes' || changed === decode(reading.bytes))
      return changed;
    replaced = { path, descriptor, seen: reading.bytes, changed, change, isBeingTaken: false };
    await takeLateEdit(replaced);
    return replaced.changed;
  } finally {
    if (replaced === undefined) closeSync(descriptor);
    else void linger(replaced);
  }
}

interface Replacing extends ChangeOptions {
  change: Change;
  mustReplace: boolean;
  mode?: number;
}

async function replace(
  path: string,
  reading: PlainFileReading,
  { change, mustReplace, onUnusable, mode = 0o644 }: Replacing,
): Promise<string | undefined> {
  const text = reading.kind === 'bytes' ? decode(reading.bytes) : undefined;
  const changed = change(text);
  if (changed === text) return changed;
  const bytes = encode(changed, reading.kind === 'bytes' && !isUtf8(reading.bytes));
  const stillFits = () => {
    if (!mustReplace && !isStill(path, reading)) return false;
    if (reading.kind === 'unusable') {
      const aside = putAside(path);
      onUnusable?.(reading.problem, aside);
    }
    return true;
  };
  const options = { mode: reading.kind === 'bytes' ? mode : 0o644, stillFits };
  return (await replaceWhole(path, bytes, options)) ? changed : undefined;
}

function isStill(path: string, reading: PlainFileReading): boolean {
  const stats = statsAt(path);
  if (reading.kind !== 'bytes') return (reading.kind === 'missing') === (stats === undefined);
  return stats !== undefined && fileIdentity(stats) === reading.identity;
}

/** Looks once more when whoever had the file open has had the time to write. */
async function linger(replaced: Replaced): Promise<void> {
  lingering.add(replaced);
  try {
    await systemClock.sleep(LINGER_MS);
    // Whoever takes an edit just now still reads from the descriptor.
    while (replaced.isBeingTaken) await systemClock.sleep(REST_MS);
    lingering.delete(replaced);
    await takeLateEdit(replaced);
  } catch {
    // Nobody waits for it: the change itself was made, and a disk that fails is met by the next one.
  } finally {
    lingering.delete(replaced);
    closeSync(replaced.descriptor);
  }
}

/** Brings what was written into a file after it was replaced into the one that stands there now. */
async function takeLateEdit(replaced: Replaced): Promise<void> {
  if (replaced.isBeingTaken) return;
  replaced.isBeingTaken = true;
  try {
    const before = replaced.seen;
    const late = await restingBytes(replaced);
    if (late.equals(before)) return;
    replaced.seen = late;
    const isAppended = before.at(-1) === LF && late.subarray(0, before.length).equals(before);
    if (isAppended) appendLate(replaced, late.subarray(before.length));
    else await changeAgain(replaced, late);
  } finally {
    replaced.isBeingTaken = false;
  }
}

async function restingBytes({ descriptor, seen }: Replaced): Promise<Buffer> {
  for (let tries = 1; ; tries += 1) {
    const reading = readOpened(descriptor, fstatSync(descriptor), MAX_BYTES);
    if (reading.kind !== 'bytes' || reading.bytes.equals(seen) || tries === MAX_TRIES) return seen;
    seen = reading.bytes;
    await systemClock.sleep(REST_MS);
  }
}

function appendLate(replaced: Replaced, added: Buffer): void {
  const descriptor = openForAppend(replaced.path);
  try {
    writeFully(descriptor, added);
  } finally {
    closeSync(descriptor);
  }
  replaced.changed += decode(added);
}

async function changeAgain(replaced: Replaced, late: Buffer): Promise<void> {
  const { path, changed, change } = replaced;
  let other: string | undefined;
  replaced.changed = await changeFile(path, (now) => {
    other = now === changed ? undefined : now;
    return other ?? change(decode(late));
  });
  // Edited in both places: neither is thrown away for the other.
  if (other !== undefined) await createWhole(`${path}.aside-${randomBytes(4).toString('hex')}`, late);
}

// In a file of single bytes, only what lies outside them is written as UTF-8.
function encode(text: string, singleBytes: boolean): Buffer {
  if (!singleBytes) return Buffer.from(text, 'utf8');
  return Buffer.concat(
    [...text].map((char) => Buffer.from(char, char.charCodeAt(0) > 0xff ? 'utf8' : 'latin1')),
  );
}
