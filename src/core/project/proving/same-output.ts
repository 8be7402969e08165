import { readFile } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import type { CheckRun } from '../../kernel/phases/proving.ts';

/** Of an output that was too long to be kept whole, the fingerprint alone counts: the middle could say anything. */
export interface Said {
  outputHash?: string | undefined;
  text?: string;
}

export async function readSaid(
  path: string,
  { outputBytes, outputHash }: Partial<Pick<CheckRun, 'outputBytes' | 'outputHash'>>,
): Promise<Said> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes !== undefined && bytes.length === outputBytes
    ? { outputHash, text: bytes.toString() }
    : { outputHash };
}

/**
 * Whether an output says what is known. What differs between runs of one commit is chance: only there, number by
 * number, may the output differ too. Tests that run side by side print in any order.
 * @param groups the known outputs, by commit
 * @param dirs the folders with the clones
 */
export function saysTheSame(
  output: Said,
  groups: readonly (readonly Said[])[],
  dirs: readonly string[] = [],
): boolean {
  if (groups.flat().some((each) => each.outputHash === output.outputHash)) return true;
  if (output.text === undefined) return false;
  const now = linesOf(output.text, dirs);
  const runs = groups.map((group) =>
    group.flatMap(({ text }) => (text === undefined ? [] : [linesOf(text, dirs)])),
  );
  const skeletons = new Set([now, ...runs.flat()].flatMap((each) => [...each.keys()]));
  return [...skeletons].every((skeleton) => {
    const rows = now.get(skeleton) ?? [];
    const isLike = ({ length }: Rows) => length === rows.length;
    return areAlike(
      rows,
      runs.map((group) => group.map((each) => each.get(skeleton) ?? []).filter(isLike)),
    );
  });
}

/**
 * Whether an output still has each line of another one, but for its numbers: of one run alone chance cannot be learned.
 * Further lines do not matter.
 */
export function hasLinesOf(before: Said, now: Said, dirs: readonly string[] = []): boolean {
  if (before.text === undefined || now.text === undefined) return true;
  const lines = linesOf(now.text, dirs);
  return [...linesOf(before.text, dirs).keys()].every((skeleton) => lines.has(skeleton));
}

/** Of the lines that differ in such parts alone, the parts that chance can change. */
type Rows = readonly (readonly string[])[];

function areAlike(rows: Rows, groups: readonly (readonly Rows[])[]): boolean {
  const columnOf = (each: Rows, at: number) =>
    each
      .map((parts) => parts[at])
      .sort()
      .join('\0');
  const isChance = (at: number) =>
    groups.some((group) => new Set(group.map((each) => columnOf(each, at))).size > 1);
  const chance = (rows[0] ?? []).map((_, at) => isChance(at));
  const fixedOf = (each: Rows) =>
    each
      .map((parts) => parts.filter((_, at) => !chance[at]).join('\0'))
      .sort()
      .join('\n');
  return groups.flat().some((each) => fixedOf(each) === fixedOf(rows));
}

const CHANCE =
  /(?:\/private)?(?:\/var\/folders\/[^\s/]+\/[^\s/]+\/T|\/var\/tmp|\/tmp)\/[^\s/:;,'"`)\]]+|\b(?:0x[0-9a-f]+|(?=[a-f]*\d)[0-9a-f]{6,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b|\d+(?:[.,:]\d+)*(?:\s?(?:[mµun]?s|min|[hm]|(?:milli)?seconds?|minutes?|hours?)\b)?/gi;

function linesOf(output: string, dirs: readonly string[]): Map<string, string[][]> {
  let text = stripVTControlCharacters(output);
  for (const dir of dirs) text = text.replaceAll(`${dir}/`, CLONES);
  const lines = new Map<string, string[][]>();
  for (const line of text.split('\n')) {
    const plain = line.replace(IN_CLONE, '<clone>').replace(/\s+/g, ' ').trim();
    if (plain === '') continue;
    const skeleton = plain.replace(CHANCE, '#');
    const same = lines.get(skeleton) ?? [];
    same.push(plain.match(CHANCE) ?? []);
    lines.set(skeleton, same);
  }
  return lines;
}

const CLONES = '<clones>/';
const IN_CLONE = /<clones>\/[\w-]+/g;

const TIMES =
  /(?:\/private)?(?:\/var\/folders\/[^\s/]+\/[^\s/]+\/T|\/var\/tmp|\/tmp)\/[^\s/:;,'"`)\]]+|\b0x[0-9a-f]+|\d+(?:[.,:]\d+)*\s?(?:[mµun]?s|min|[hm]|(?:milli)?seconds?|minutes?|hours?)\b|(?<=_ms:? )\d+(?:\.\d+)?/gi;

/** An output without clones, temporary paths, addresses and durations. Every other number stays: it may name a test. */
export function withoutTimes(output: string, clones: readonly string[]): string {
  let text = stripVTControlCharacters(output);
  for (const clone of clones) text = text.replaceAll(clone, '<clone>');
  return text.replace(TIMES, '#');
}
