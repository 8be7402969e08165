import { stripVTControlCharacters } from 'node:util';
import { visibleControls } from './text.ts';

const MAX_LINES = 6;
const MAX_CHARS = 400;

/** Names of variables whose values must not be shown. */
const SECRET_NAME = /KEY|TOKEN|SECRET|PASSW|CREDENTIAL/i;

type Environment = Readonly<Record<string, string | undefined>>;

/** The text with the names of secret variables in the place of their values. */
export function withoutSecrets(text: string, env: Environment): string {
  const secrets = Object.entries(env).filter(
    (entry): entry is [string, string] => SECRET_NAME.test(entry[0]) && (entry[1] ?? '').length >= 8,
  );
  return secrets.reduce((shown, [name, value]) => shown.replaceAll(value, `[${name}]`), text);
}

/**
 * The last lines that another program printed, as one line that can be quoted: without colours, with hidden characters
 * shown and without values of secrets; at most 400 characters. Empty if it printed nothing.
 * @param env the program's environment
 */
export function saidBy(output: string, env: Environment = {}): string {
  if (output === '') return '';
  const lines = stripVTControlCharacters(output)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    // Advice of git about its settings.
    .filter((line) => line !== '' && !line.startsWith('hint: '));
  const text = visibleControls(withoutSecrets(lines.slice(-MAX_LINES).join(' / '), env));
  return text.length > MAX_CHARS ? `… ${text.slice(-MAX_CHARS)}` : text;
}

/** ` It said: …`, or nothing. */
export function quotedSaid(said: string, who = 'It'): string {
  return said === '' ? '' : ` ${who} said: ${said}${/[.!?]$/.test(said) ? '' : '.'}`;
}
