import { join } from 'node:path';
import { parse as parseDotenv } from 'dotenv';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { configFolder } from '../../../core/kernel/config-folder.ts';
import { orNothing, systemErrorCode } from '../../../core/kernel/errors.ts';
import { namesAt, realFolder, statsAt } from '../../../core/kernel/files/path-stats.ts';
import { decode, readPlainFile, utf16Of } from '../../../core/kernel/files/plain-file.ts';
import { type Secret, secretsIn } from '../../../core/kernel/secrets.ts';
import { shownText } from '../../../core/kernel/text.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { CHAT_ERRORS } from '../chat-errors.ts';
import { projectFolders } from '../clients/chat-place.ts';

/**
 * The secrets that no document may contain: of the environment, and of the files of the machine and of all checkouts of
 * the project that are named like `.env`.
 * @throws if one of these files cannot be read
 */
export async function secretsOfProject(
  project: Project,
  { env, home }: Pick<ActionContext, 'env' | 'home'>,
): Promise<Secret[]> {
  const { folders } = await projectFolders(project);
  const files = new Set([join(configFolder(home), '.env'), ...folders.flatMap(envFilesIn)]);
  const secrets = secretsIn(env);
  for (const path of files) secrets.push(...secretsIn(parseDotenv(await envText(path))));
  return secrets;
}

async function envText(path: string): Promise<string> {
  const unread = (why: string) => CHAT_ERRORS.secrets_unread({ path: shownText(path), why });
  try {
    // Links to a file that several projects share are common.
    const real = realFolder(path);
    if (real === undefined || statsAt(real)?.isDirectory()) return '';
    const reading = await readPlainFile(real, MAX_FILE_BYTES);
    if (reading.kind === 'unusable') throw unread(`It is ${reading.problem}.`);
    return reading.kind === 'bytes' ? decodeMarked(reading.bytes) : '';
  } catch (error) {
    const code = systemErrorCode(error);
    throw code === undefined ? error : unread(`The system refuses it (${code}).`);
  }
}

function decodeMarked(bytes: Buffer): string {
  const encoding = utf16Of(bytes);
  return encoding === undefined ? decode(bytes) : new TextDecoder(encoding).decode(bytes);
}

const MAX_FILE_BYTES = 1024 * 1024;
const MAX_FILES = 200;
const MAX_FOLDERS = 2000;
const MAX_DEPTH = 5;

/** Folders near the top come first, so that the bound leaves out the deepest. */
function envFilesIn(folder: string): string[] {
  const files: string[] = [];
  const folders = [{ path: folder, depth: 0 }];
  for (let at = 0; at < folders.length && at < MAX_FOLDERS && files.length < MAX_FILES; at += 1) {
    const { path, depth } = folders[at] ?? { path: folder, depth: MAX_DEPTH };
    for (const name of orNothing(() => namesAt(path)) ?? []) {
      if (LEFT_OUT.has(name)) continue;
      const stats = orNothing(() => statsAt(join(path, name)));
      if (stats?.isDirectory() && depth < MAX_DEPTH)
        folders.push({ path: join(path, name), depth: depth + 1 });
      else if (!stats?.isDirectory() && ENV_NAME.test(name)) files.push(join(path, name));
    }
  }
  return files;
}

const LEFT_OUT = new Set(['.git', 'node_modules']);

const ENV_NAME = /^\.env|\.env$/;
