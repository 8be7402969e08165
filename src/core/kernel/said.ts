import { stripVTControlCharacters } from 'node:util';
import { secretFilter, secretsIn } from './secrets.ts';
import { beginning, ending, visibleControls } from './text.ts';

const MAX_LINES = 6;
const MAX_CHARS = 400;

type Environment = Readonly<Record<string, string | undefined>>;

/** What another program printed, perhaps only a part of it, without colours and without secrets. */
export function withoutSecrets(output: string, env: Environment): string {
  return secretFilter(secretsIn(env), { areCut: true })(stripVTControlCharacters(output));
}

/**
 * The last lines that another program printed, as one line that can be quoted: without colours, with hidden characters
 * shown and without secrets; at most 400 characters. Empty if it printed nothing.
 * @param env the program's environment
 */
export function saidBy(output: string, env: Environment = {}): string {
  if (output === '') return '';
  // Before it is split: a secret may have several lines.
  const lines = withoutSecrets(output, env)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    // Advice of git about its settings.
    .filter((line) => line !== '' && !line.startsWith('hint: ') && !FRAME.test(line));
  const last = lines.slice(-MAX_LINES);
  const error = lines.findLast((line) => NAMES_ERROR.test(line)) ?? '';
  const text = visibleControls(
    [...(last.includes(error) ? [] : [error]), ...last].filter(Boolean).join(' / '),
  );
  if (text.length <= MAX_CHARS) return text;
  const end = ending(text, MAX_CHARS);
  const named = visibleControls(beginning(error, MAX_CHARS / 2));
  if (named === '' || end.includes(named)) return `… ${end}`;
  return `${named} … ${ending(text, MAX_CHARS - named.length)}`;
}

/** A line of a stack, which says where and not what. */
const FRAME = /^at (?:async |new )?\S+(?: \[as \S+\])?(?: \(.*\)|:\d+)?$/;
/** `Error: …`, `fatal: …`, `error TS2322: …`, `EROFS: …`, `Caused by: java.io.IOException: …` */
const NAMES_ERROR = /(?:^|[\s[(.])(?:\w{0,100}(?:Error|Exception)|error|fatal|E[A-Z]{3,15})\b[^:]{0,100}: /;

/** ` It said: …`, or nothing. */
export function quotedSaid(said: string, who = 'It'): string {
  return said === '' ? '' : ` ${who} said: ${said}${/[.!?]$/.test(said) ? '' : '.'}`;
}
