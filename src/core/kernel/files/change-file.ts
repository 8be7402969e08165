import { isUtf8 } from 'node:buffer';
import { moveAside } from './append-lines.ts';
import { writeWhole } from './atomic-file.ts';
import { fileIdentity } from './fingerprint.ts';
import { statsAt } from './path-stats.ts';
import { decode, type PlainFileReading, readOpened, withPlainFile } from './plain-file.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_TRIES = 20;

type Change = (text: string | undefined) => string;

interface ChangeOptions {
  /** Larger files are moved aside. */
  maxBytes?: number;
  /** `file`: another writer makes the change again if a power cut undoes it. */
  sync?: 'file' | 'folder';
  /** Called with the problem of an unreadable file and its new path, if it had content to keep. */
  onUnusable?: (problem: string, aside: string | undefined) => void;
}

/**
 * Changes a text file that people and agents edit too. `change` gets the text (undefined when there is no plain file)
 * and returns the new one. If the file was edited before the rename, `change` is called again with the newer text.
 * Bytes that `change` keeps are preserved even if they are not UTF-8. An edit written into the old file after the
 * rename is lost.
 * @returns the text that is in the file now
 */
export async function changeFile(path: string, change: Change, options: ChangeOptions = {}): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const text = await tryToChange(path, { change, mustReplace: attempt === MAX_TRIES, ...options });
    if (text !== undefined) return text;
  }
}

interface Replacing extends ChangeOptions {
  change: Change;
  mustReplace: boolean;
}

/** @returns undefined when the file was edited in the meantime; never with `mustReplace` */
async function tryToChange(
  path: string,
  { change, mustReplace, maxBytes = MAX_BYTES, sync, onUnusable }: Replacing,
): Promise<string | undefined> {
  let mode = 0o644;
  const reading = withPlainFile(path, (descriptor, stats) => {
    mode = stats.mode & 0o777;
    return readOpened(descriptor, stats, maxBytes);
  });
  const text = reading.kind === 'bytes' ? decode(reading.bytes) : undefined;
  const changed = change(text);
  if (changed === text) return changed;
  const bytes = encode(changed, reading.kind === 'bytes' && !isUtf8(reading.bytes));
  const stillFits = () => {
    if (!mustReplace && !isStill(path, reading)) return false;
    if (reading.kind === 'unusable') {
      const aside = moveAside(path);
      onUnusable?.(reading.problem, aside);
    }
    return true;
  };
  const options = { sync, mode: reading.kind === 'bytes' ? mode : 0o644, stillFits };
  return (await writeWhole(path, bytes, options)) ? changed : undefined;
}

function isStill(path: string, reading: PlainFileReading): boolean {
  const stats = statsAt(path);
  if (reading.kind !== 'bytes') return (reading.kind === 'missing') === (stats === undefined);
  return stats !== undefined && fileIdentity(stats) === reading.identity;
}

// In a latin1 file, only characters beyond latin1 are written as UTF-8.
function encode(text: string, singleBytes: boolean): Buffer {
  if (!singleBytes) return Buffer.from(text, 'utf8');
  return Buffer.concat(
    [...text].map((char) => Buffer.from(char, char.charCodeAt(0) > 0xff ? 'utf8' : 'latin1')),
  );
}
