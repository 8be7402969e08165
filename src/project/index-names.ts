import type { Buffer } from 'node:buffer';
import { readPlainFile } from '../base/plain-file.ts';

/**
 * Files that one index knows and another does not, by plain reads: a start of git for each would cost more
 * than both files. Names as git lists them, submodules left out.
 * @returns undefined when either is of a kind that is not read here, or damaged: ask git
 */
export async function namesOnlyIn(
  path: string,
  otherPath: string,
  hash: 'sha1' | 'sha256',
): Promise<string[] | undefined> {
  const [one, other] = await Promise.all([openIndex(path, hash), openIndex(otherPath, hash)]);
  if (one === undefined || other === undefined) return undefined;
  const names: string[] = [];
  // Both are sorted by the bytes of their names.
  let at = 0;
  for (let index = 0; index < one.count; index += 1) {
    let order = 1;
    while (at < other.count) {
      order = one.compare(index, other, at);
      if (order <= 0) break;
      at += 1;
    }
    if (order !== 0 && !one.isGitlink(index)) names.push(one.name(index));
  }
  return names;
}

const MAX_BYTES = 256 * 1024 * 1024;
const MODE_AT = 24;
const ID_AT = 40;
const GITLINK = 0o160000;

/** An index of version 2 or 3, see gitformat-index: where each entry and its name lie. */
class IndexFile {
  readonly count: number;
  readonly #bytes: Buffer;
  /** For each entry where it begins, where its name does, and where that ends. */
  readonly #places: Uint32Array;

  constructor(bytes: Buffer, places: Uint32Array) {
    this.#bytes = bytes;
    this.#places = places;
    this.count = places.length / 3;
  }

  name(index: number): string {
    return this.#bytes.toString('latin1', this.#place(index, 1), this.#place(index, 2));
  }

  isGitlink(index: number): boolean {
    return (this.#bytes.readUInt32BE(this.#place(index, 0) + MODE_AT) & GITLINK) === GITLINK;
  }

  compare(index: number, other: IndexFile, at: number): number {
    const [from, to] = [other.#place(at, 1), other.#place(at, 2)];
    return this.#bytes.compare(other.#bytes, from, to, this.#place(index, 1), this.#place(index, 2));
  }

  #place(index: number, which: 0 | 1 | 2): number {
    return this.#places[index * 3 + which] ?? 0;
  }
}

async function openIndex(path: string, hash: 'sha1' | 'sha256'): Promise<IndexFile | undefined> {
  const reading = await readPlainFile(path, MAX_BYTES);
  if (reading.kind !== 'bytes') return undefined;
  const { bytes } = reading;
  const idBytes = hash === 'sha256' ? 32 : 20;
  const places = placesIn(bytes, idBytes);
  return places && new IndexFile(bytes, places);
}

const HEADER_BYTES = 12;
const EXTENDED = 0x4000;

function placesIn(bytes: Buffer, idBytes: number): Uint32Array | undefined {
  if (bytes.length < HEADER_BYTES + idBytes || bytes.toString('latin1', 0, 4) !== 'DIRC') return undefined;
  const version = bytes.readUInt32BE(4);
  const count = bytes.readUInt32BE(8);
  const end = bytes.length - idBytes;
  if ((version !== 2 && version !== 3) || count * (ID_AT + idBytes) > end) return undefined;
  const places = new Uint32Array(count * 3);
  let at = HEADER_BYTES;
  for (let index = 0; index < count; index += 1) {
    const flagsAt = at + ID_AT + idBytes;
    if (flagsAt + 2 > end) return undefined;
    const isExtended = version === 3 && (bytes.readUInt16BE(flagsAt) & EXTENDED) !== 0;
    const nameAt = flagsAt + (isExtended ? 4 : 2);
    const nameEnd = bytes.indexOf(0, nameAt);
    if (nameEnd === -1 || nameEnd >= end) return undefined;
    places.set([at, nameAt, nameEnd], index * 3);
    // Filled up with one to eight zeros to a multiple of eight.
    at += (nameEnd - at + 8) & ~7;
  }
  return isWhole(bytes, at, end) ? places : undefined;
}

/** Extensions by which the entries are not all there is, or not all of them files. */
const ELSEWHERE: ReadonlySet<string> = new Set(['link', 'sdir']);

function isWhole(bytes: Buffer, from: number, end: number): boolean {
  let at = from;
  while (at + 8 <= end) {
    if (ELSEWHERE.has(bytes.toString('latin1', at, at + 4))) return false;
    at += 8 + bytes.readUInt32BE(at + 4);
  }
  return at === end;
}
