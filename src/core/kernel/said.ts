import { stripVTControlCharacters } from 'node:util';
import { secretFilter, secretsIn } from './secrets.ts';
import { visibleControls } from './text.ts';

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
    .filter((line) => line !== '' && !line.startsWith('hint: '));
  const text = visibleControls(lines.slice(-MAX_LINES).join(' / '));
  return text.length > MAX_CHARS ? `… ${text.slice(-MAX_CHARS).replace(/^[\udc00-\udfff]/, '')}` : text;
}

/** ` It said: …`, or nothing. */
export function quotedSaid(said: string, who = 'It'): string {
  return said === '' ? '' : ` ${who} said: ${said}${/[.!?]$/.test(said) ? '' : '.'}`;
}
