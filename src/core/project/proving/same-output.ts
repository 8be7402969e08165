import { readFile } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import type { CheckRun } from '../../kernel/phases/proving.ts';

/**
 * What the output of a check says, without what differs from run to run: colours, numbers, hashes, temporary paths and
 * times. Of an output that was too long to be kept whole it is the fingerprint: the middle could say anything.
 * @param dirs the folders in which it ran
 */
export async function whatItSays(
  path: string,
  { outputBytes, outputHash }: Pick<CheckRun, 'outputBytes' | 'outputHash'>,
  dirs: readonly string[],
): Promise<string> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes?.length === outputBytes ? withoutChance(bytes.toString(), dirs) : outputHash;
}

const TEMPORARY = /(?:\/private)?(?:\/var\/folders\/[^\s/]+\/[^\s/]+\/T|\/var\/tmp|\/tmp)\/[^\s/:;,'"`)\]]+/g;
const HEX = /\b(?:0x[0-9a-f]+|(?=[a-f]*\d)[0-9a-f]{6,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/gi;
const DAYS =
  /\b(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?= #))\b,?/g;
const NUMBERS = /\d+(?:[.,:]\d+)*/g;
const UNITS = /#\s?(?:[mµun]?s|min|[hm]|seconds?|minutes?|hours?|milliseconds?|[AP]M)\b/g;

export function withoutChance(output: string, dirs: readonly string[] = []): string {
  let text = stripVTControlCharacters(output);
  for (const dir of dirs.toSorted((one, other) => other.length - one.length))
    text = text.replaceAll(dir, '<dir>');
  return text
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n/g, '\n')
    .replace(TEMPORARY, '<tmp>')
    .replace(HEX, '#')
    .replace(NUMBERS, '#')
    .replace(UNITS, '#')
    .replace(DAYS, '#')
    .trim();
}
