import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { configFolder } from '../../../core/kernel/config-folder.ts';
import { definedOnly } from '../../../core/kernel/defined-only.ts';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import { fingerprint } from '../../../core/kernel/files/fingerprint.ts';
import { makeFolder } from '../../../core/kernel/files/make-folder.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { plainText } from '../../../core/kernel/files/plain-file.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { runCommand } from '../../../core/kernel/processes/run-command.ts';
import { commonDirOf } from '../../../core/project/git/repository.ts';
import { CHAT_ERRORS } from '../chat-errors.ts';
import { type ChatPiece, personsWords } from './chat.ts';

const Part = z.object({
  type: z.string(),
  text: z.string().optional(),
  synthetic: z.boolean().optional(),
  ignored: z.boolean().optional(),
  tool: z.string().optional(),
  state: z
    .object({ status: z.string(), input: z.object({ filePath: z.string().optional() }).optional() })
    .optional()
    .catch(undefined),
  files: z.array(z.string()).optional().catch(undefined),
});

const Export = z.object({
  info: z.object({ directory: z.string(), revert: z.object({ messageID: z.string() }).optional() }),
  messages: z.array(
    z.object({
      info: z.object({ id: z.string(), role: z.string(), summary: z.unknown().optional() }),
      parts: z.array(Part),
    }),
  ),
});

const Listed = z.array(
  z.object({ id: z.string(), title: z.string(), updated: z.number(), directory: z.string() }),
);

type Asking = Pick<ActionContext, 'env' | 'home' | 'clock'>;

const LIMIT_MS = 60_000;
const MAX_EXPORT_BYTES = 64 * 1024 * 1024;

/** A chat of opencode, which only opencode itself can read. */
export async function opencodePieces(
  id: string,
  { env, home }: Pick<Asking, 'env' | 'home'>,
): Promise<ChatPiece[]> {
  const unreadable = (why: string) => CHAT_ERRORS.chat_unreadable({ client: 'opencode', id, why });
  const folder = await mkdtemp(join(tmpdir(), 'samocode-chat-'));
  try {
    const file = join(folder, 'chat.json');
    const { exitCode, timedOut } = await runCommand('/bin/sh', ['-c', EXPORT_INTO_FILE, 'sh', id, file], {
      cwd: await placeFor('export', home),
      env: definedOnly(env),
      timeoutMs: LIMIT_MS,
    });
    if (timedOut) throw unreadable(`opencode did not export it within ${LIMIT_MS / 1000} seconds.`);
    if (exitCode === NOT_FOUND) throw unreadable('The program opencode is not on PATH.');
    if (exitCode !== 0) throw unreadable('opencode has no such chat, or could not export it.');
    const exported = Export.safeParse(parseJson((await plainText(file, MAX_EXPORT_BYTES)) ?? '')).data;
    if (exported === undefined) throw unreadable('This version cannot read what "opencode export" prints.');
    return piecesInExport(exported);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Into a pipe, opencode 1.18 writes only the first 64 KiB. */
const EXPORT_INTO_FILE = 'exec opencode export "$1" > "$2"';
/** The exit status of a shell. */
const NOT_FOUND = 127;

export function piecesInExport({ info, messages }: z.infer<typeof Export>): ChatPiece[] {
  const undoneFrom = messages.findIndex(({ info: { id } }) => id === info.revert?.messageID);
  const kept = undoneFrom === -1 ? messages : messages.slice(0, undoneFrom);
  return [{ kind: 'place', cwd: info.directory }, ...kept.flatMap(ofMessage)];
}

function ofMessage({
  info: { id, role, summary },
  parts,
}: z.infer<typeof Export>['messages'][number]): ChatPiece[] {
  // A summary that opencode asked for to shorten the chat.
  if (summary === true) return [];
  const text = parts
    .flatMap((part) => (part.type === 'text' && !part.synthetic && !part.ignored ? (part.text ?? '') : []))
    .join('\n\n')
    .trim();
  if (role === 'user') {
    const words = personsWords(text);
    return words === '' ? [] : [{ kind: 'person', text: words }];
  }
  const paths = parts.flatMap(changedBy);
  return [
    ...(text === '' ? [] : [{ kind: 'agent', text, message: id } as const]),
    ...(paths.length === 0 ? [] : [{ kind: 'changed', paths } as const]),
  ];
}

/** opencode also records which files a step changed, whatever its tools. */
function changedBy({ type, tool = '', state, files = [] }: z.infer<typeof Part>): string[] {
  if (type === 'patch') return files;
  const path = state?.input?.filePath;
  const isChange = type === 'tool' && CHANGING.has(tool) && state?.status === 'completed';
  return isChange && path !== undefined ? [path] : [];
}

const CHANGING = new Set(['edit', 'multiedit', 'write']);

/** The chats that opencode lists for a project; none if it has no data here, or cannot list them. */
export async function opencodeChats(
  mainRepo: string,
  { env, home }: Pick<Asking, 'env' | 'home'>,
  most: number,
) {
  const data = join(env.XDG_DATA_HOME || join(home, '.local/share'), 'opencode');
  if (!statsAt(data)?.isDirectory()) return [];
  const cwd = await placeFor(fingerprint(mainRepo), home);
  // By the repository's git folder opencode knows the project; it looks for settings from its own folder upwards.
  const gitDir = await commonDirOf(mainRepo, { baseEnv: env });
  await writeWhole(join(cwd, '.git'), `gitdir: ${gitDir}\n`);
  const args = ['session', 'list', '--format', 'json', '--max-count', String(most)];
  const options = { cwd, env: definedOnly(env), timeoutMs: LIMIT_MS };
  const { exitCode, stdout } = await runCommand('opencode', args, options);
  return exitCode === 0 ? (Listed.safeParse(parseJson(stdout)).data ?? []) : [];
}

/**
 * A folder of ours in which opencode runs: it executes the plugins of the folder in which it starts, and of those
 * above it. Not a temporary folder, above which every user of the machine may write.
 */
async function placeFor(name: string, home: string): Promise<string> {
  const place = join(configFolder(home), 'opencode', name);
  makeFolder(place, 0o700);
  return place;
}
