import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathInside, realPathAsFar } from '../../../core/project/git/real-path.ts';
import { jsonValue, valueAt } from './json-member.ts';

/**
 * Whether Gemini CLI trusts a folder: as in Gemini CLI itself, the longest rule that contains the folder decides.
 * @param path with links resolved @param gemini Gemini's environment and settings folder
 */
export async function isTrustedByGemini(
  path: string,
  { env, folder }: { env: Readonly<Record<string, string | undefined>>; folder: string },
): Promise<boolean> {
  const { GEMINI_CLI_TRUST_WORKSPACE: always, GEMINI_CLI_TRUSTED_FOLDERS_PATH: file } = env;
  const settings = await jsonIn(join(folder, 'settings.json'));
  if (always === 'true' || valueAt(settings, ['security', 'folderTrust', 'enabled']) === false) return true;
  const rules = Object.entries(Object(await jsonIn(file || join(folder, 'trustedFolders.json'))));
  let longest = '';
  let isTrusted = false;
  for (const [rule, level] of rules) {
    const place = await realPathAsFar(level === 'TRUST_PARENT' ? dirname(rule) : rule);
    if (rule.length <= longest.length || pathInside(place, path) === undefined) continue;
    longest = rule;
    isTrusted = level === 'TRUST_FOLDER' || level === 'TRUST_PARENT';
  }
  return isTrusted;
}

async function jsonIn(path: string): Promise<unknown> {
  return jsonValue(await readFile(path, 'utf8').catch(() => '{}'));
}
