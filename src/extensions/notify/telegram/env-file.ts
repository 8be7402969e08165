import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ifExists } from '../../../core/kernel/errors.ts';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import { makeFolder } from '../../../core/kernel/files/make-folder.ts';
import { plainText } from '../../../core/kernel/files/plain-file.ts';
import { envFilePath } from '../channels/notify-settings.ts';

const MAX_BYTES = 1024 * 1024;

/** Sets lines of the config folder's `.env`, and makes it readable only by its user. Other lines are preserved. */
export async function setInEnvFile(
  homeDir: string,
  values: Readonly<Record<string, string>>,
): Promise<string> {
  const path = envFilePath(homeDir);
  makeFolder(dirname(path), 0o700);
  // If it is a link, as in a repository of dotfiles, change its target.
  const file = (await ifExists(realpath(path))) ?? path;
  const text = (await plainText(file, MAX_BYTES)) ?? '';
  await writeWhole(file, withValues(text, values), { mode: 0o600 });
  return path;
}

/** Each value replaces the last line of its name, or is appended. @param values without quotes or line ends */
function withValues(text: string, values: Readonly<Record<string, string>>): string {
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  for (const [name, value] of Object.entries(values)) {
    const isIts = (line: string) => new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=`).test(line);
    const at = lines.findLastIndex(isIts);
    if (at === -1) lines.push(`${name}=${value}`);
    else lines[at] = `${name}=${value}`;
    const kept = lines.filter((line, index) => index === at || at === -1 || !isIts(line));
    lines.splice(0, lines.length, ...kept);
  }
  return `${lines.join('\n')}\n`;
}
