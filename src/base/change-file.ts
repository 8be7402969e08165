import { isUtf8 } from 'node:buffer';
import { writeWhole } from './atomic-file.ts';
import { statsAt } from './look-at.ts';
import { fileId, readPlainFile } from './plain-file.ts';
import { putAside } from './put-aside.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_TRIES = 20;

/**
 * Changes a text file that people and children edit too. `change` gets the text (undefined when there is
 * no plain file) and gives the new one; if the file was edited in between, it is asked again with the
 * newer text. Bytes that `change` leaves alone stay, also when they are not UTF-8.
 * @returns the text that now stands there
 */
export async function changeFile(
  path: string,
  change: (text: string | undefined) => string,
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const reading = await readPlainFile(path, MAX_BYTES);
    const text = reading.kind === 'bytes' ? decode(reading.bytes) : undefined;
    const changed = change(text);
    if (changed === text) return changed;
    const bytes = encode(changed, reading.kind === 'bytes' && !isUtf8(reading.bytes));
    const stats = statsAt(path);
    const unchanged =
      reading.kind === 'bytes'
        ? stats !== undefined && fileId(stats) === reading.fileId
        : (reading.kind === 'missing') === (stats === undefined);
    if (unchanged || attempt === MAX_TRIES) {
      if (reading.kind === 'unusable') putAside(path);
      await writeWhole(path, bytes, reading.kind === 'bytes' && stats ? stats.mode & 0o777 : undefined);
      return changed;
    }
  }
}

/** UTF-8 where the bytes are that; else one character per byte, so that none is lost. */
export function decode(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}

// In a file of single bytes, only what lies outside them is written as UTF-8.
function encode(text: string, singleBytes: boolean): Buffer {
  if (!singleBytes) return Buffer.from(text, 'utf8');
  return Buffer.concat(
    [...text].map((char) => Buffer.from(char, char.charCodeAt(0) > 0xff ? 'utf8' : 'latin1')),
  );
}
